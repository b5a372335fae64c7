//! Links, pipes and devices in a folder of manifests, and files that are too many or too large.

#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{MESH, run_in, said};
use crate::cli::{folder, write};

/// A folder whose `manifests` hold a mesh, beside a file that is not to be read.
fn place(name: &str) -> PathBuf {
    let folder = folder(name);
    std::fs::create_dir_all(folder.join("manifests")).expect("can be written");
    write(&folder, "manifests/a.yaml", MESH);
    write(&folder, "outside.yaml", "CANARY: [x\n");
    folder
}

fn check(here: &Path, arguments: &[&str], wanted: &str) {
    let output = run_in(here, arguments);
    assert!(said(&output).contains(wanted), "{arguments:?}: {}", said(&output));
    assert!(!said(&output).contains("CANARY"), "{arguments:?}: {}", said(&output));
}

#[test]
fn links_out_of_the_folder_are_not_followed() {
    let here = place("hostile-links-out");
    let outside = here.join("outside.yaml");
    for target in [
        Path::new("../outside.yaml"),
        &outside,
        Path::new("/etc/passwd"),
        Path::new("/proc/self/environ"),
        Path::new("/proc/self/pagemap"),
        Path::new("/dev/zero"),
        Path::new("/dev/stdin"),
        Path::new("/"),
        Path::new(".."),
    ] {
        let link = here.join("manifests/z.yaml");
        let _ = std::fs::remove_file(&link);
        symlink(target, &link).expect("can be written");
        for command in ["translate", "proxies", "expand", "lint"] {
            check(&here, &[command, "manifests"], "leads out of the given paths");
        }
        assert_eq!(run_in(&here, &["lint", "-q", "manifests"]).status.code(), Some(1));
    }
    // It is read when it is given.
    let _ = std::fs::remove_file(here.join("manifests/z.yaml"));
    symlink("../more", here.join("manifests/z")).expect("can be written");
    std::fs::create_dir_all(here.join("more")).expect("can be written");
    write(&here, "more/b.yaml", &MESH.replace("name: a,", "name: b,").replace("10.0.0.1", "10.0.0.2"));
    assert!(said(&run_in(&here, &["proxies", "manifests"])).contains("leads out of"));
    let both = said(&run_in(&here, &["proxies", "manifests", "more"]));
    assert!(both.contains("2 sidecars") && !both.contains("leads out of"), "{both}");
}

#[test]
fn a_given_path_that_is_a_link_out_of_the_working_directory() {
    let here = place("hostile-links-given");
    let inside = here.join("manifests");
    symlink("../outside.yaml", inside.join("m.yaml")).expect("can be written");
    symlink("..", inside.join("m")).expect("can be written");
    let (file, link) = (inside.join("m.yaml").display().to_string(), inside.join("m").display().to_string());
    for path in ["m.yaml", "m", "./m", "m/outside.yaml", &file, &link] {
        for command in ["translate", "lint", "expand", "proxies"] {
            check(&inside, &[command, path], "leads out of the working directory");
        }
        check(&inside, &["diff", path, "a.yaml"], "leads out of the working directory");
        check(&inside, &["translate", "a.yaml", "--mesh-config", path], "leads out of the working directory");
        check(&inside, &["lint", "a.yaml", "--baseline", path], "leads out of the working directory");
        check(&inside, &["lint", "a.yaml", "--config", path], "leads out of the working directory");
    }
}

#[test]
fn only_regular_files_are_read() {
    let here = place("hostile-pipes");
    let pipe = here.join("manifests/pipe.yaml");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    for arguments in [&["translate", "manifests"][..], &["lint", "manifests/pipe.yaml"], &["translate", "/dev/zero"]] {
        check(&here, arguments, "not a regular file");
    }
    // But what a shell has opened for us.
    let bash = Command::new("bash")
        .args(["-c", "\"$0\" proxies <(cat manifests/a.yaml)", env!("CARGO_BIN_EXE_meshc")])
        .current_dir(&here)
        .output()
        .expect("bash runs");
    assert!(said(&bash).contains("1 sidecar"), "{}", said(&bash));
}

#[test]
fn folders_are_visited_once() {
    let here = place("hostile-links-many");
    for level in 0..22 {
        let folder = here.join(format!("manifests/{level}"));
        std::fs::create_dir_all(&folder).expect("can be written");
        for side in ["a", "b"] {
            symlink(format!("../{}", level + 1), folder.join(side)).expect("can be written");
        }
    }
    std::fs::create_dir_all(here.join("manifests/22")).expect("can be written");
    symlink(".", here.join("manifests/self")).expect("can be written");
    let output = run_in(&here, &["proxies", "manifests"]);
    assert!(said(&output).contains("read      1 file,"), "{}", said(&output));
}

#[test]
fn limits_are_named() {
    let here = place("hostile-limits");
    for number in 0..20 {
        write(&here, &format!("manifests/m{number}.yaml"), "a: 1\n");
    }
    for command in ["translate", "lint", "expand", "proxies"] {
        check(&here, &[command, "manifests", "--max-files", "10"], "--max-files raises the limit");
        check(&here, &[command, "manifests", "--max-input-size", "200"], "--max-input-size raises the limit");
        check(&here, &[command, "manifests", "--max-file-size", "200"], "--max-file-size raises the limit");
        assert_eq!(run_in(&here, &[command, "manifests", "--max-files", "10"]).status.code(), Some(2));
    }
    // A file with a hole is as large as it says.
    let hole = std::fs::File::create(here.join("manifests/hole.yaml")).expect("can be written");
    hole.set_len(1 << 40).expect("the file system has holes");
    check(&here, &["translate", "manifests"], "it is larger than 256 MiB");
    check(&here, &["diff", "manifests", "manifests"], "it is larger than 256 MiB");
}

#[test]
fn what_a_config_names_is_in_its_folder() {
    let here = place("hostile-config");
    let inside = here.join("manifests");
    write(&here, "secret.json", "{\"CANARY\": 1}");
    symlink("../secret.json", inside.join("link.json")).expect("can be written");
    for baseline in ["../secret.json", "link.json", "/etc/passwd", "/proc/self/environ"] {
        write(&inside, ".meshc.yaml", &format!("lint: {{baseline: {baseline}}}\n"));
        check(&inside, &["lint", "a.yaml"], "it is not inside of");
    }
    std::fs::remove_file(inside.join(".meshc.yaml")).expect("is there");
    symlink("../outside.yaml", inside.join(".meshc.yaml")).expect("can be written");
    check(&inside, &["lint", "a.yaml"], "it is not inside of");
    // What is inside is not quoted either.
    std::fs::remove_file(inside.join(".meshc.yaml")).expect("is there");
    write(&inside, "b.json", "{\"version\": \"CANARY\"}");
    for config in ["lint: {baseline: b.json}", "lint: CANARY", "CANARY", "lint: {suppress: CANARY}"] {
        write(&inside, ".meshc.yaml", config);
        check(&inside, &["lint", "a.yaml"], if config.contains("b.json") { "is not a baseline" } else { "expected" });
    }
}
