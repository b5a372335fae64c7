//! What holds for any input.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Reads a file and looks at everything that it gives.
fn survives(content: Vec<u8>) {
    let (manifests, diagnostics) = ingest(vec![SourceFile::new("a.yaml", content)]);
    let diagnostics = diagnostics.finish(&manifests.sources, |resource, path| manifests.locate(resource, path));
    for diagnostic in &diagnostics {
        let span = diagnostic.first_span().expect("findings of the reader have a place");
        let text = manifests.sources.text(span.source);
        assert!(span.start <= span.end && text.is_char_boundary(span.start as usize), "{diagnostic:?}");
        assert!(span.end as usize <= text.len() + 1, "{diagnostic:?}");
        let _ = manifests.sources.position(span);
    }
    crate::cli::render::write(&diagnostics, &manifests.sources, &mut Vec::new()).expect("memory can be written");
    for document in &manifests.documents {
        let _ = document.node(&manifests.sources).to_json();
    }
}

/// Pieces of YAML that mean something to the parser, and to Kubernetes.
fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b: ",
        "- ",
        "? ",
        ": ",
        ":",
        ",",
        "[",
        "]",
        "{",
        "}",
        "&x ",
        "*x",
        "<<: ",
        "|",
        ">-",
        "|2\n",
        "'",
        "\"",
        "\\",
        "\\u00e4",
        "#",
        " # c",
        "%YAML 1.1",
        "!",
        "!!str ",
        "!t ",
        "\n",
        "\n",
        "\n  ",
        "\n    ",
        "\n- ",
        "\n---\n",
        "\n...\n",
        "\r\n",
        "\t",
        " ",
        "é",
        "😀",
        "\u{FEFF}",
        "\u{85}",
        "\u{2028}",
        "\0",
        "@",
        "`",
        "~",
        "yes",
        "0x1F",
        "1_0",
        ".inf",
        "1e5",
        "apiVersion: v1\n",
        "kind: Service\n",
        "kind: List\nitems:\n",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\n",
        "metadata:\n  name: a\n",
        "metadata: {name: a}\n",
        "spec:\n  ",
        "hosts: [a]\n",
        "ports:\n  - port: 80\n",
    ])
}

/// Objects that read without a finding, each of another name.
fn object() -> impl Strategy<Value = String> {
    let name = "[a-f]{1,3}";
    let kinds = prop::sample::select(vec![
        ("v1", "Namespace", "{}"),
        ("v1", "Service", "{ports: [{port: 80}]}"),
        ("v1", "Pod", "{containers: [{name: x}]}"),
        ("networking.istio.io/v1", "VirtualService", "{hosts: [a], http: [{timeout: 5s}]}"),
        ("networking.istio.io/v1beta1", "DestinationRule", "{host: a}"),
        ("security.istio.io/v1", "PeerAuthentication", "{mtls: {mode: STRICT}}"),
        ("example.com/v1", "Other", "{any: thing}"),
    ]);
    (kinds, name, prop::sample::select(vec!["", "x", "y"])).prop_map(|((version, kind, spec), name, namespace)| {
        let namespace = if namespace.is_empty() { String::new() } else { format!("\n  namespace: {namespace}") };
        format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}{namespace}\nspec: {spec}\n")
    })
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[^\u{0}-\u{1F}\u{7F}-\u{9F}\u{2028}\u{2029}\u{FEFF}]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z0-9: #\"'é-]{0,6}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_bytes_are_survived(content in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(content);
    }

    #[test]
    fn anything_like_yaml_is_survived(tokens in prop::collection::vec(token(), 0..40)) {
        survives(tokens.concat().into_bytes());
    }

    #[test]
    fn json_is_yaml(value in json()) {
        let text = serde_json::to_string(&value).expect("values print");
        let end = text::offset(text.len());
        let by_json = json::parse(&text, 0..end).map(|trees| trees[0].root(SourceId::default(), &text).to_json());
        prop_assert_eq!(by_json.map_err(|problem| problem.start()), Ok(value.clone()));
        let by_yaml = yaml::parse(&text, 0..end).map(|tree| tree.root(SourceId::default(), &text).to_json());
        prop_assert_eq!(by_yaml.map_err(|problem| format!("{problem:?}")), Ok(value));
    }

    #[test]
    fn files_and_their_order_do_not_matter(
        objects in prop::collection::vec((object(), 0..3usize), 0..12).prop_map(|objects| {
            // Of equal objects the first counts, which an order decides.
            let mut seen = std::collections::BTreeSet::new();
            let key = |text: &str| text.lines().skip(1).take(4).collect::<String>().replace("namespace: default", "");
            objects.into_iter().filter(|(text, _)| seen.insert(key(text))).collect::<Vec<_>>()
        }),
        turn in any::<bool>(),
    ) {
        let all: Vec<_> = objects.iter().map(|(text, _)| text.clone()).collect();
        let (one, _) = read(&all.join("---\n"));
        let mut files: Vec<_> = (0..3)
            .map(|file| {
                let mut own: Vec<_> = objects.iter().filter(|(_, of)| *of == file).map(|(text, _)| text.clone()).collect();
                if turn {
                    own.reverse();
                }
                SourceFile::new(format!("{file}.yaml"), own.join("---\n"))
            })
            .collect();
        if turn {
            files.reverse();
        }
        let (many, _) = read_files(files);
        prop_assert_eq!(format!("{:?}", one.resources), format!("{:?}", many.resources));
        prop_assert_eq!(one.ignored, many.ignored);
    }
}
