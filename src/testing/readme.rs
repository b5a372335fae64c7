//! The README is true: its commands run and print what it shows, and the table of kinds is what the code says.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use meshc::coverage::{Coverage, KINDS};
use meshc::ingest::Resources;

fn read(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8(bytes).expect("texts are UTF-8")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the lines of the README's shell blocks, without comments.
fn commands(readme: &str) -> Vec<String> {
    let blocks = readme.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    let lines = blocks.flat_map(str::lines).map(|line| line.split(" # ").next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn commands_run() {
    let binary = Path::new(env!("CARGO_BIN_EXE_meshc"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    std::fs::create_dir_all(&folder).expect("the build folder can be written");
    let out = folder.display().to_string();
    let mut ran = 0;
    for command in commands(&read(&root().join("README.md"))) {
        let line = match command.strip_prefix("cargo run -- ") {
            Some(arguments) => format!("meshc {arguments}"),
            None => command.clone(),
        };
        // The tests do not run themselves, and a test installs nothing.
        if line.starts_with("cargo ") || !line.contains("meshc ") {
            continue;
        }
        let line = line.replace("meshc ", &format!("'{}' ", binary.display())).replace("out/", &format!("'{out}'/"));
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", &line]).current_dir(root()).stdin(Stdio::null());
        let output = bash.output().expect("bash runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command}: {errors}");
        ran += 1;
    }
    assert!(ran >= 6, "{ran} commands");
}

/// Runs the commands of the README's `console` blocks, and writes what they print where it is something else.
#[test]
fn outputs_are_real() {
    let path = root().join("README.md");
    let readme = read(&path);
    let mut written = String::new();
    let mut shown = 0;
    for (index, part) in readme.split("```").enumerate() {
        if index > 0 {
            written.push_str("```");
        }
        let Some(block) = part.strip_prefix("console\n").filter(|_| index % 2 == 1) else {
            written.push_str(part);
            continue;
        };
        written.push_str("console\n");
        for command in block.lines().filter_map(|line| line.strip_prefix("$ meshc ")) {
            let mut meshc = Command::new(env!("CARGO_BIN_EXE_meshc"));
            let output = meshc.args(command.split(' ')).current_dir(root()).stdin(Stdio::null()).output();
            let output = String::from_utf8(output.expect("the binary runs").stdout).expect("the output is text");
            let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
            writeln!(written, "$ meshc {command}\n{}", lines.join("\n")).expect("memory can be written");
            shown += 1;
        }
    }
    assert!(shown >= 4, "{shown} commands");
    assert!(readme.len() < 12 << 10, "the README has {} bytes", readme.len());
    if written != readme {
        std::fs::write(&path, written).expect("the README can be written");
        panic!("README.md did not show what the commands print, and has been written anew");
    }
}

#[test]
fn each_kind_has_its_row() {
    let read: Vec<&str> = Resources::default().counts().into_iter().map(|(kind, _)| kind).collect();
    let listed: Vec<&str> = KINDS.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(read, listed);
}

/// A failing test prints the table that belongs there.
#[test]
fn the_table_of_kinds_is_what_the_code_says() {
    let scenarios: Vec<String> = scenarios();
    let mut table = "| kind | status | what for | recorded scenarios |\n| --- | --- | --- | --- |\n".to_owned();
    for (kind, coverage, purpose) in KINDS {
        let status = match coverage {
            Coverage::Translated => "translated",
            Coverage::Expanded => "completes the input",
            Coverage::NotYet => "not yet: a note says so",
        };
        let count = scenarios.iter().filter(|text| text.split("\n---").any(|document| has(document, kind))).count();
        writeln!(table, "| {kind} | {status} | {purpose} | {count} |").expect("memory can be written");
    }
    let readme = read(&root().join("src/coverage.md"));
    let section = readme.split("<!-- kinds -->\n").nth(1).unwrap_or_default();
    assert!(section == table, "src/coverage.md, between the marks `<!-- kinds -->`, should hold\n\n{table}");
}

/// Says whether a document has an object of a kind. Two kinds have one name: one of them is Istio's own.
fn has(document: &str, kind: &str) -> bool {
    let (name, of_gateway_api) = match kind.strip_suffix(" (Gateway API)") {
        Some(name) => (name, true),
        None => (kind, false),
    };
    let line = format!("kind: {name}");
    document.lines().any(|l| l.trim_start_matches("- ") == line)
        && (name != "Gateway" || document.contains("apiVersion: gateway.networking.k8s.io") == of_gateway_api)
}

/// Returns the manifests of each fixture, as one text.
fn scenarios() -> Vec<String> {
    let children = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let folders = children(&root().join("fixtures"));
    let texts =
        folders.iter().map(|folder| children(&folder.join("manifests")).iter().map(|file| read(file)).collect());
    texts.collect()
}
