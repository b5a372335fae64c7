//! What lint says of repositories as they are and of bug reports rebuilt, finding by finding: precision must not fall.
//!
//! Each folder of `lint_cases/` is one input, and its `expected.txt` all that the command says of it: what is not there is a false
//! alarm. `UPDATE=1 cargo test lint_cases` writes these files anew; read the difference before it is committed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The file with what is expected; it is no manifest.
const EXPECTED: &str = "expected.txt";

/// Returns all that the command says of a folder.
fn said(folder: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshc"));
    command.args(["lint", "-o", "json", "."]).current_dir(folder).stdin(Stdio::null());
    let output = command.output().expect("the binary runs");
    let findings: Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    let mut out = String::new();
    for one in findings.as_array().into_iter().flatten() {
        let text = |key: &str| one[key].as_str().unwrap_or_default();
        let line = &one["line"];
        let _ = writeln!(out, "{} {} {}:{line} {}", text("level"), text("code"), text("file"), text("resource"));
        let _ = writeln!(out, "    {}", text("message"));
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let _ = writeln!(out, "{stderr}exit code {}", output.status.code().unwrap_or_default());
    out
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/testing/lint_cases");
    let children = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("the folder is there").filter_map(Result::ok);
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let mut out: Vec<PathBuf> = children(&root).iter().flat_map(|group| children(group)).collect();
    out.sort();
    out
}

#[test]
fn lint_says_what_is_expected_and_nothing_else() {
    let all = cases();
    assert!(all.len() > 30, "there are cases");
    let mut wrong = Vec::new();
    for folder in all {
        let (path, said) = (folder.join(EXPECTED), said(&folder));
        let expected = String::from_utf8(std::fs::read(&path).unwrap_or_default()).expect("it is text");
        if said == expected {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, said).expect("it can be written");
        } else {
            wrong.push(format!("{}\n--- expected\n{expected}--- said\n{said}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{} cases differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn examples_are_clean() {
    for name in ["bookinfo", "bookinfo-gateway-api"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        let said = said(&folder);
        let codes: Vec<&str> = said.lines().filter(|line| !line.starts_with(' ')).collect();
        let allowed =
            |line: &&&str| line.contains("IST0161") || line.starts_with("found ") || line.starts_with("exit code");
        let others: Vec<&&str> = codes.iter().filter(|line| !allowed(line)).collect();
        assert!(others.is_empty(), "{name}: {others:?}");
    }
}
