//! `meshc graph` and `meshc report`: what is drawn and told, and that no name of the input ends what it is written into.

use serde_json::Value;

use crate::cli::{folder, output, run, snapshot, text, write};

const BOOKINFO: &str = "examples/bookinfo";

#[test]
fn the_way_outside_is_drawn() {
    snapshot("graph-host", &output(&["graph", BOOKINFO, "--host", "catalogue.example.org"]));
    snapshot("graph-dot", &output(&["graph", BOOKINFO, "--proxy", "mysql-0.bookstore", "-o", "dot"]));
    let svg = output(&["graph", BOOKINFO, "--host", "reviews", "-o", "svg"]);
    assert!(svg.contains("examples/bookinfo/routing.yaml:23"), "the DestinationRule has its line");
    assert_eq!(svg, output(&["graph", BOOKINFO, "--host", "reviews.bookstore.svc.cluster.local", "-o", "svg"]));
}

#[test]
fn an_object_has_the_hosts_that_it_changes() {
    let drawn = output(&["graph", BOOKINFO, "--object", "Gateway istio-gateways/bookstore"]);
    assert!(drawn.contains("books.example.com") && !drawn.contains("catalogue.example.org"), "{drawn}");
}

#[test]
fn what_is_not_there_is_an_error() {
    let unknown = run(&["graph", BOOKINFO, "--host", "revews.bookstore"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean"), "{}", text(&unknown.stderr));
    assert_eq!(run(&["graph", BOOKINFO, "--proxy", "nobody.bookstore"]).status.code(), Some(2));
    assert_eq!(run(&["graph", BOOKINFO, "--object", "Gateway istio-gateways/nobody"]).status.code(), Some(2));
}

/// Whatever a prefix says, it stays text in each of the formats.
#[test]
fn hostile_text_stays_text() {
    let folder = folder("graph-hostile");
    let hostile = r#"/\"]</text><script>alert(1)</script>&lt;#quot;;`\\\n-->\u202e"#;
    let manifests = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: a, labels: {{istio-injection: enabled}}}}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: a}}\nspec: {{selector: {{app: a}}, ports: [{{name: http, \
         port: 80}}]}}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, namespace: a}}\nspec:\n  selector: {{matchLabels: {{app: a}}}}\n  \
         template:\n    metadata: {{labels: {{app: a}}}}\n    spec: {{containers: [{{name: a, image: a}}]}}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a, namespace: a}}\nspec:\n  hosts: [a]\n  http:\n  - \
         match: [{{uri: {{prefix: \"{hostile}\"}}}}]\n    route: [{{destination: {{host: a}}}}]\n"
    );
    write(&folder, "a<script>&\".yaml", &manifests);
    let folder = folder.display().to_string();
    for format in ["svg", "html"] {
        let drawn = output(&["graph", &folder, "--host", "a", "-o", format]);
        assert!(drawn.contains("alert(1)"), "the prefix is drawn");
        assert!(!drawn.contains("<script") && !drawn.contains('\u{202e}'), "{drawn}");
        assert_eq!(drawn.matches("<text ").count(), drawn.matches("</text>").count());
        for piece in drawn.split('&').skip(1) {
            let entity = ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|entity| piece.starts_with(entity));
            assert!(entity, "&{piece}");
        }
    }
    let mermaid = output(&["graph", &folder, "--host", "a"]);
    for line in mermaid.lines().filter(|line| line.contains('[')) {
        let (_, rest) = line.split_once("[\"").expect("a label is quoted");
        let label = rest.strip_suffix("\"]").expect("a label ends its line");
        let label = label.replace("<br/>", "");
        assert!(!label.contains(['"', '<', '>', '`', '[', ']', '&']), "{label}");
    }
    let dot = output(&["graph", &folder, "--host", "a", "-o", "dot"]);
    for line in dot.lines().filter(|line| line.contains("label=")) {
        let quotes = line.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(quotes.matches('"').count(), 2, "{line}");
    }
}

/// The data of the page, without a browser; `.ci/report` clicks through the page in one.
#[test]
fn a_report_leads_from_a_field_to_its_line() {
    let folder = folder("report");
    let manifests = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {istio-injection: enabled}}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: a}\nspec: {selector: {app: a}, ports: [{name: http, port: \
         80}]}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: a}\nspec:\n  selector: {matchLabels: {app: a}}\n  \
         template:\n    metadata: {labels: {app: a}}\n    spec: {containers: [{name: a, image: a}]}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a, namespace: a}\nspec:\n  host: a\n  \
         trafficPolicy:\n    connectionPool:\n      tcp:\n        maxConnections: 7\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: a}\nstringData:\n  password: hunter2\n";
    write(&folder, "a.yaml", manifests);
    let path = folder.join("report.html").display().to_string();
    output(&["report", &folder.display().to_string(), "-o", &path]);
    let page = text(&std::fs::read(&path).expect("is written"));
    assert!(!page.contains("hunter2"), "the Secret is in the page");
    assert!(page.contains("content=\"default-src 'none'; script-src 'sha256-"), "the page has a policy");
    let (_, data) = page.split_once("id=\"data\">").expect("there is data");
    let (data, _) = data.split_once("</script>").expect("it ends");
    let data: Value = serde_json::from_str(data).expect("is JSON");
    let line = manifests.lines().position(|line| line.contains("maxConnections")).expect("is there") + 1;
    let resources = data["resources"].as_array().expect("is a list");
    let cluster = resources.iter().find(|one| one["name"] == "outbound|80||a.a.svc.cluster.local").expect("is there");
    let lines: Vec<&str> = cluster["text"].as_str().expect("is text").lines().collect();
    let field = lines.iter().position(|line| line.contains("\"max_connections\": 7")).expect("is there");
    let causes = cluster["causes"].as_array().expect("is a list");
    let cause = causes.iter().find(|cause| cause[0] == field).expect("has a cause");
    let place = usize::try_from(cause[1][0].as_u64().expect("something sets it")).expect("is small");
    let place = &data["places"][place];
    assert_eq!((&place[1], &place[2]), (&Value::from(line), &Value::from("DestinationRule a/a")));
    let (host, drawn) = (&data["hosts"][0], data["pictures"][0].as_str().expect("is text"));
    assert!(host == "a.a.svc.cluster.local" && drawn.starts_with("<svg"), "{host} has a picture");
}
