//! What Kustomize and Helm are asked for, and what they write: a stranger has written their input.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};

use super::{MESH, said};
use crate::cli::{folder, meshc, text, write};

/// A Service without workload, in which a rule finds something.
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: alone\n  namespace: a\nspec:\n  selector: {app: nobody}\n  ports: \
                       [{name: http, port: 80}]\n";

/// Runs the binary in a folder where a program is a script.
fn run_with(here: &Path, program: &str, script: &str, arguments: &[&str]) -> Output {
    let bin = here.join("bin");
    std::fs::create_dir_all(&bin).expect("can be written");
    write(here, &format!("bin/{program}"), &format!("#!/bin/sh\n{script}"));
    std::fs::set_permissions(bin.join(program), std::fs::Permissions::from_mode(0o755)).expect("it can be run");
    let mut command = meshc(arguments);
    command.current_dir(here.join("repository")).env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    command.stdin(Stdio::null()).output().expect("the binary runs")
}

#[test]
fn a_chart_whose_folder_is_named_like_a_flag() {
    let here = folder("hostile-helm-flag");
    let chart = "charts/--post-renderer=sh";
    std::fs::create_dir_all(here.join("repository").join(chart)).expect("can be written");
    run_with(&here, "helm", "for one in \"$@\"; do echo \"$one\"; done > ../arguments\n", &["lint", "--helm", chart]);
    let asked = text(&std::fs::read(here.join("arguments")).expect("helm has run"));
    let before: Vec<&str> = asked.lines().take_while(|one| *one != "--").collect();
    assert_eq!(before, ["template", "--include-crds"], "{asked}");
    assert!(!asked.lines().any(|one| one.starts_with("--post-renderer")), "{asked}");
}

#[test]
fn an_origin_out_of_the_repository() {
    let here = folder("hostile-origin");
    std::fs::create_dir_all(here.join("repository/base")).expect("can be written");
    write(&here, "repository/base/kustomization.yaml", "resources: []\n");
    write(&here, "outside.yaml", &SERVICE.replace("  selector", "  # CANARY\n  selector"));
    let origin = here.join("outside.yaml").canonicalize().expect("it is there");
    for origin in [origin.as_path(), Path::new("/dev/zero"), Path::new("/proc/self/environ")] {
        let annotation =
            format!("  annotations:\n    config.kubernetes.io/origin: |\n      path: {}\nspec:", origin.display());
        let built = format!("{MESH}---\n{}", SERVICE.replace("spec:", &annotation));
        let script = format!("cat <<'END'\n{built}END\n");
        let output = run_with(&here, "kustomize", &script, &["lint", "-k", "base"]);
        let said = said(&output);
        assert!(said.contains("MESHC0105") && !said.contains("outside.yaml:"), "{said}");
    }
}

#[test]
fn a_program_that_does_not_end() {
    let here = folder("hostile-sleep");
    std::fs::create_dir_all(here.join("repository/base")).expect("can be written");
    for script in
        ["echo $$ > ../process\nsleep 1000\n", "sleep 1000 &\necho $! > ../process\nexec >&- 2>&-\nsleep 1000\n"]
    {
        let output = run_with(&here, "kustomize", script, &["lint", "-k", "base", "--max-program-time", "1"]);
        assert_eq!(output.status.code(), Some(2));
        let said = said(&output);
        let told = "`kustomize build` takes longer than 1 s; --max-program-time raises the limit";
        assert!(said.contains(told), "{said}");
        // What it has started is gone, too.
        let process = text(&std::fs::read(here.join("process")).expect("kustomize has run"));
        let state = std::fs::read(format!("/proc/{}/stat", process.trim())).map(|stat| text(&stat)).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }
}

#[test]
fn a_git_that_does_not_end() {
    let here = folder("hostile-git-sleep");
    std::fs::create_dir_all(here.join("repository/.git")).expect("can be written");
    write(&here, "repository/a.yaml", MESH);
    let hash = "1".repeat(40);
    let answers = format!("*rev-parse*) echo {hash};;\n*ls-tree*) printf '100644 blob {hash}\\ta.yaml\\0';;");
    let asleep = "*) echo $$ > ../process; sleep 1000;;";
    for (what, script) in [
        ("git rev-parse", format!("case \"$*\" in\n{asleep}\nesac\n")),
        ("git cat-file", format!("case \"$*\" in\n{answers}\n{asleep}\nesac\n")),
    ] {
        let output = run_with(&here, "git", &script, &["diff", "HEAD..HEAD", "a.yaml", "--max-program-time", "1"]);
        assert_eq!(output.status.code(), Some(2), "{what}");
        let said = said(&output);
        let told = format!("`{what}` takes longer than 1 s; --max-program-time raises the limit");
        assert!(said.contains(&told), "{said}");
        let process = text(&std::fs::read(here.join("process")).expect("git has run"));
        let state = std::fs::read(format!("/proc/{}/stat", process.trim())).map(|stat| text(&stat)).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }
}

#[test]
fn a_program_that_does_not_stop_writing() {
    let here = folder("hostile-endless");
    std::fs::create_dir_all(here.join("repository/base")).expect("can be written");
    for script in ["exec yes x\n", "yes x >&2 & yes x\n"] {
        let output = run_with(&here, "kustomize", script, &["lint", "-k", "base", "--max-file-size", "1M"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains("--max-file-size"), "{}", said(&output));
    }
}
