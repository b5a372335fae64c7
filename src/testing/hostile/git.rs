//! Repositories whose files look like a repository, and names that look like questions.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{MESH, run_in, said};
use crate::cli::{folder, text, write};

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).output().expect("git runs");
    assert!(done.status.success(), "{arguments:?}: {}", text(&done.stderr));
    text(&done.stdout)
}

/// A repository with a mesh on `main`, and a branch `pr` that is checked out.
fn repository(name: &str) -> PathBuf {
    let folder = folder(name);
    git(&folder, &["init", "-q", "-b", "main"]);
    std::fs::create_dir_all(folder.join("manifests")).expect("the build folder can be written");
    write(&folder, "manifests/a.yaml", MESH);
    commit(&folder);
    git(&folder, &["checkout", "-q", "-b", "pr"]);
    folder
}

fn commit(folder: &Path) {
    git(folder, &["add", "-f", "."]);
    git(folder, &["commit", "-q", "-m", "change"]);
}

/// A config that runs a command when git looks for an object that is not there, lists files, or writes to a terminal.
const CONFIG: &str = "[core]
\trepositoryformatversion = 1
\tbare = true
\tfsmonitor = \"touch pwned; false\"
\tpager = \"touch pwned; cat\"
\tsshCommand = \"touch pwned; false\"
[extensions]
\tpartialClone = origin
[remote \"origin\"]
\turl = .
\tpromisor = true
\tuploadpack = \"touch pwned; false\"
";

#[test]
fn a_folder_that_looks_like_a_repository_is_none() {
    let repository = repository("hostile-bare");
    let manifests = repository.join("manifests");
    std::fs::create_dir_all(manifests.join("objects")).expect("can be written");
    std::fs::create_dir_all(manifests.join("refs/heads")).expect("can be written");
    for (name, content) in [
        ("objects/.keep", ""),
        ("HEAD", "ref: refs/heads/main"),
        ("refs/heads/main", "1111111111111111111111111111111111111111"),
        ("refs/heads/pr", "2222222222222222222222222222222222222222"),
        ("config", CONFIG),
        (
            "b.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: b, namespace: a}\nspec: {clusterIP: 10.1.0.1, ports: [{port: 80, name: http}]}\n",
        ),
    ] {
        write(&manifests, name, content);
    }
    commit(&repository);
    let path = manifests.display().to_string();
    for (here, arguments) in [
        (&repository, &["main...pr", "manifests"][..]),
        (&repository, &["main..pr", "manifests"]),
        (&repository, &["main..pr", "manifests/a.yaml", "manifests/b.yaml"]),
        (&repository, &["main..pr", &path]),
        (&repository, &["main:manifests", "pr:manifests"]),
        // Where git itself takes the folder for a repository.
        (&manifests, &["main...pr", "."]),
        (&manifests, &["main..pr", "../manifests"]),
        (&manifests, &["main:", "pr:."]),
    ] {
        let output = run_in(here, &[&["diff"][..], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        for folder in [&repository, &manifests] {
            assert!(!folder.join("pwned").exists(), "{arguments:?} has run a command");
        }
    }
}

#[test]
fn nothing_is_fetched() {
    let repository = repository("hostile-promisor");
    write(&repository, "manifests/b.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n");
    commit(&repository);
    let hash = git(&repository, &["rev-parse", "HEAD:manifests/b.yaml"]);
    let hash = hash.trim();
    let object = repository.join(".git/objects").join(&hash[..2]).join(&hash[2..]);
    std::fs::remove_file(object).expect("the object is loose");
    write(&repository, ".git/config", &CONFIG.replace("bare = true", "bare = false"));
    let output = run_in(&repository, &["diff", "main..pr", "manifests"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("meshc fetches nothing"), "{}", said(&output));
    assert!(!repository.join("pwned").exists() && !repository.join(".git/pwned").exists());
}

#[test]
fn only_the_repository_of_the_working_directory_is_asked() {
    let (here, other) = (repository("hostile-here"), repository("hostile-other"));
    let output = run_in(&here, &["diff", "main..pr", &other.join("manifests").display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("is not in the repository"), "{}", said(&output));
    // No revision is a flag.
    for revision in ["--help", "-h", "--output=pwned"] {
        let output = run_in(&here, &["diff", "--", &format!("{revision}:manifests"), "manifests"]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(!here.join("pwned").exists());
    }
}

#[cfg(unix)]
#[test]
fn a_name_is_no_question() {
    use std::os::unix::fs::symlink;
    let repository = repository("hostile-names");
    let manifests = repository.join("manifests");
    let head = git(&repository, &["rev-parse", "HEAD"]);
    // Asked by lines, this is two files, and what is after it gets the answers before.
    let odd = manifests.join(format!("0\n{}:manifests", head.trim()));
    std::fs::create_dir_all(&odd).expect("can be written");
    symlink("a.yaml", odd.join("a.yaml")).expect("can be written");
    write(&manifests, "z.yaml", &MESH.replace("name: a,", "name: b,").replace("10.0.0.1", "10.0.0.2"));
    commit(&repository);
    let output = run_in(&repository, &["diff", "main..pr", "manifests"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("b.a"), "the new workload is shown: {}", said(&output));
    assert!(said(&output).contains("control character"), "{}", said(&output));
}

#[cfg(unix)]
#[test]
fn links_of_a_revision_stay_in_it() {
    use std::os::unix::fs::symlink;
    let repository = repository("hostile-revision-links");
    let manifests = repository.join("manifests");
    std::fs::create_dir_all(repository.join("base/deep")).expect("can be written");
    write(&repository, "base/deep/b.yaml", &MESH.replace("name: a,", "name: b,").replace("10.0.0.1", "10.0.0.2"));
    symlink("../base/deep", repository.join("base/link")).expect("can be written");
    symlink("../base/link/../deep/./b.yaml", manifests.join("b.yaml")).expect("can be written");
    commit(&repository);
    let output = run_in(&repository, &["diff", "main..pr", "manifests"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("sidecar added: b.a"), "{}", said(&output));
    for (target, reason) in [
        ("/etc/passwd", "out of the revision"),
        ("../../../etc/passwd", "out of the revision"),
        ("../gone.yaml", "does not have"),
        ("../base", "a link to a folder"),
        ("a.yaml/x", "not a folder"),
        ("c.yaml", "lead to each other"),
    ] {
        let link = manifests.join("c.yaml");
        let _ = std::fs::remove_file(&link);
        symlink(target, &link).expect("can be written");
        commit(&repository);
        let output = run_in(&repository, &["diff", "main..pr", "manifests"]);
        assert!(said(&output).contains(reason), "{target}: {}", said(&output));
        assert_eq!(output.status.code(), Some(2), "{target}");
    }
}
