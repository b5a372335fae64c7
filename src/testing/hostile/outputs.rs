//! What is written: whole files, and never through a link.

#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{MESH, run_in, said};
use crate::cli::{folder, meshc, output, text, write};

fn place(name: &str) -> PathBuf {
    let folder = folder(name);
    std::fs::create_dir_all(folder.join("m")).expect("can be written");
    std::fs::create_dir_all(folder.join("elsewhere")).expect("can be written");
    write(&folder, "m/a.yaml", MESH);
    write(&folder, "elsewhere/kept", "kept");
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("is there")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn outputs_follow_no_link() {
    let here = place("hostile-output-links");
    let inside = here.join("m");
    symlink("../elsewhere", inside.join("out")).expect("can be written");
    symlink("../elsewhere/kept", inside.join("file")).expect("can be written");
    symlink("../elsewhere/new", inside.join("gone")).expect("can be written");
    symlink("/dev/stdout", inside.join("device")).expect("can be written");
    std::fs::create_dir_all(inside.join("real")).expect("can be written");
    symlink("../../elsewhere/kept", inside.join("real/a.a.json")).expect("can be written");
    let absolute = inside.join("out").display().to_string();
    for arguments in [
        &["translate", "a.yaml", "--out-dir", "out"][..],
        &["translate", "a.yaml", "--out-dir", "out/deeper"],
        &["translate", "a.yaml", "--out-dir", &absolute],
        &["translate", "a.yaml", "--out-dir", "real"],
        &["lint", "a.yaml", "-o", "json=file"],
        &["lint", "a.yaml", "-o", "sarif=gone"],
        &["lint", "a.yaml", "-o", "text=device"],
        &["lint", "a.yaml", "-o", "text=out/new"],
        &["lint", "a.yaml", "--write-baseline", "file"],
        &["lint", "a.yaml", "--write-baseline", "out/new"],
    ] {
        let output = run_in(&inside, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains("is a link"), "{arguments:?}: {}", said(&output));
        assert_eq!(names(&here.join("elsewhere")), ["kept"], "{arguments:?}");
        assert_eq!(std::fs::read(here.join("elsewhere/kept")).expect("is there"), b"kept", "{arguments:?}");
    }
    assert!(Command::new("mkfifo").arg(inside.join("pipe")).status().expect("mkfifo runs").success());
    let output = run_in(&inside, &["lint", "a.yaml", "-o", "json=pipe"]);
    assert!(output.status.code() == Some(2) && said(&output).contains("no regular file"), "{}", said(&output));
    // What was there as a file is replaced.
    write(&inside, "old.json", "old");
    assert_eq!(run_in(&inside, &["lint", "-q", "a.yaml", "-o", "json=old.json"]).status.code(), Some(0));
    let new = std::fs::read(inside.join("old.json")).expect("is there");
    assert!(serde_json::from_slice::<serde_json::Value>(&new).is_ok());
}

/// A mesh whose dumps take a while to write.
fn large(here: &Path) -> String {
    let path = here.join("large").display().to_string();
    output(&["generate", &path, "--services", "60", "--pods", "3"]);
    path
}

#[test]
fn signals_leave_whole_files() {
    let here = place("hostile-output-signals");
    let large = large(&here);
    for (number, (signal, wait)) in [("INT", 150), ("TERM", 250), ("HUP", 400), ("INT", 600)].into_iter().enumerate() {
        let out = here.join(format!("out-{number}"));
        let mut child = meshc(&["translate", "-q", &large, "--out-dir", &out.display().to_string()])
            .spawn()
            .expect("the binary runs");
        std::thread::sleep(Duration::from_millis(wait));
        let killed = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
        assert!(killed.is_ok());
        let status = child.wait().expect("the binary ends");
        for name in if out.exists() { names(&out) } else { Vec::new() } {
            let bytes = std::fs::read(out.join(&name)).expect("is there");
            assert!(
                serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(),
                "{signal} {status}: {name} is not whole"
            );
        }
    }
}

#[test]
fn a_full_disk_ends_it() {
    let here = place("hostile-output-full");
    let large = large(&here);
    // No file may be larger than 100 KiB; the shell ignores the signal, so that writing fails.
    let script = "trap '' XFSZ; ulimit -f 100; exec \"$0\" translate -q \"$1\" --out-dir \"$2\"";
    let out = here.join("out");
    let done = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_meshc"), &large])
        .arg(&out)
        .output()
        .expect("bash runs");
    assert_eq!(done.status.code(), Some(2), "{}", text(&done.stderr));
    assert!(text(&done.stderr).contains("cannot write"), "{}", text(&done.stderr));
    assert_eq!(text(&done.stderr).lines().count(), 1);
    for name in names(&out) {
        assert!(!name.starts_with('.'), "{name} is left");
        let bytes = std::fs::read(out.join(&name)).expect("is there");
        assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(), "{name} is not whole");
    }
}

/// Rust's formats have a widest column of 65,535 characters.
#[test]
fn a_column_longer_than_any_terminal() {
    let folder = place("hostile-long-column");
    let service = |at: usize| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: 'a-rather-long-name-of-a-service-{at}', namespace: a}}\nspec: {{selector: {{app: a}}, ports: [{{port: 80}}]}}\n"
        )
    };
    write(&folder, "m/services.yaml", &(0..1_800).map(service).collect::<String>());
    let output = run_in(&folder, &["proxies", "m"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stdout.len() > usize::from(u16::MAX), "the Services are listed");
}
