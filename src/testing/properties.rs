//! What holds for any input, through the whole pipeline.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use meshc::source::SourceFile;
use meshc::{input::Input, options::Options, pipeline, proxy};
use proptest::prelude::*;

/// The manifests of all fixtures: scenario, and the documents of its files.
fn scenarios() -> &'static [(String, Vec<String>)] {
    static SCENARIOS: OnceLock<Vec<(String, Vec<String>)>> = OnceLock::new();
    SCENARIOS.get_or_init(|| {
        let children = |folder: &Path| -> Vec<PathBuf> {
            let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
            let mut out: Vec<_> = entries.map(|entry| entry.path()).collect();
            out.sort();
            out
        };
        let folders = children(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
        let scenarios = folders.iter().filter(|folder| folder.is_dir()).map(|folder| {
            let files = children(&folder.join("manifests"));
            let texts = files.iter().map(|file| String::from_utf8(std::fs::read(file).expect("is readable")));
            let texts = texts.map(|text| text.expect("fixtures are UTF-8"));
            let documents = texts.flat_map(|text| text.split("\n---\n").map(|d| format!("{d}\n")).collect::<Vec<_>>());
            (folder.display().to_string(), documents.collect())
        });
        scenarios.collect()
    })
}

/// Translates all proxies of a mesh, and prints every dump.
fn dumps(files: Vec<SourceFile>) -> BTreeMap<String, Vec<u8>> {
    let mut input = Input::new(files, &Options { expand: true, ..Options::default() });
    let mesh = input.mesh();
    let proxies = proxy::proxies(&mesh);
    let dumps = Mutex::new(BTreeMap::new());
    let found = pipeline::translate_all(&mesh, &proxies.iter().collect::<Vec<_>>(), |proxy, dump| {
        let mut out = Vec::new();
        dump.write(&mut out).expect("memory can be written");
        dumps.lock().expect("nothing panics").insert(proxy.full_name(), out);
    });
    input.diagnostics.extend(found);
    meshc::cli::render::write(&input.take_diagnostics(), &input.manifests.sources, &mut Vec::new())
        .expect("memory can be written");
    dumps.into_inner().expect("nothing panics")
}

/// A change of a text.
#[derive(Debug, Clone)]
enum Change {
    /// A line goes.
    Drop,
    /// A line is there twice.
    Repeat,
    /// A line trades places with the next.
    Swap,
    /// What is after the first colon becomes this.
    Value(&'static str),
    /// A byte becomes this.
    Byte(u8),
    /// A line moves to the right.
    Indent,
}

fn change() -> impl Strategy<Value = Change> {
    let values = vec![
        "",
        "0",
        "-1",
        "65536",
        "99999999999999999999",
        "true",
        "~",
        "[]",
        "{}",
        "''",
        "'*'",
        "'.'",
        "'a b'",
        "1.5",
        "*",
        "'/'",
        "'://'",
        "'*.*'",
        "0s",
        "1h",
        "-1s",
        "'['",
        "'('",
        "::",
        "10.0.0.0/33",
        "fd00::/129",
        "é",
        "'a.b.c.d.e'",
        "STRICT",
        "HTTP",
        "TCP",
        "TLS",
        "UDP",
        "PASSTHROUGH",
    ];
    prop_oneof![
        2 => Just(Change::Drop),
        1 => Just(Change::Repeat),
        1 => Just(Change::Swap),
        6 => prop::sample::select(values).prop_map(Change::Value),
        1 => any::<u8>().prop_map(Change::Byte),
        1 => Just(Change::Indent),
    ]
}

fn changed(text: &str, change: &Change, at: prop::sample::Index) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let at = at.index(lines.len());
    match change {
        Change::Drop => drop(lines.remove(at)),
        Change::Repeat => lines.insert(at, lines[at].clone()),
        Change::Swap => {
            let next = (at + 1) % lines.len();
            lines.swap(at, next);
        }
        Change::Value(value) => {
            if let Some(colon) = lines[at].iter().position(|byte| *byte == b':') {
                lines[at].truncate(colon);
                lines[at].extend(format!(": {value}").bytes());
            }
        }
        Change::Byte(byte) => {
            if let Some(last) = lines[at].last_mut() {
                *last = *byte;
            }
        }
        Change::Indent => lines[at].splice(0..0, *b"  ").for_each(drop),
    }
    lines.join(&b'\n')
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn any_bytes_are_survived(content in prop::collection::vec(any::<u8>(), 0..300)) {
        dumps(vec![SourceFile::new("a.yaml", content)]);
    }

    #[test]
    fn any_change_of_a_mesh_is_survived(
        scenario in any::<prop::sample::Index>(),
        changes in prop::collection::vec((change(), any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..8),
    ) {
        let (_, documents) = &scenarios()[scenario.index(scenarios().len())];
        let mut contents: Vec<Vec<u8>> = documents.iter().map(|document| document.clone().into_bytes()).collect();
        for (change, document, line) in &changes {
            let document = document.index(contents.len());
            let text = String::from_utf8_lossy(&contents[document]).into_owned();
            contents[document] = changed(&text, change, *line);
        }
        let files = contents.into_iter().enumerate();
        dumps(files.map(|(index, content)| SourceFile::new(format!("{index}.yaml"), content)).collect());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn files_and_their_order_do_not_matter(
        scenario in any::<prop::sample::Index>(),
        seed in any::<u64>(),
    ) {
        let (name, documents) = &scenarios()[scenario.index(scenarios().len())];
        let one = dumps(vec![SourceFile::new("all.yaml", documents.join("---\n"))]);
        // A shuffle that the seed decides: by a hash of it and the place.
        let mut shuffled: Vec<&String> = documents.iter().collect();
        let mut state = seed | 1;
        shuffled.sort_by_cached_key(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        });
        let pieces = shuffled.chunks(usize::try_from(seed % 5).unwrap_or(0) + 1).enumerate();
        let files = pieces.map(|(index, piece)| {
            let text: Vec<&str> = piece.iter().map(|document| document.as_str()).collect();
            SourceFile::new(format!("{index}.yaml"), text.join("---\n"))
        });
        let many = dumps(files.collect());
        let names = |dumps: &BTreeMap<String, Vec<u8>>| dumps.keys().cloned().collect::<Vec<_>>();
        prop_assert_eq!(names(&one), names(&many), "{}", name);
        for (proxy, dump) in &one {
            prop_assert!(many.get(proxy) == Some(dump), "{} {}", name, proxy);
        }
    }
}
