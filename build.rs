//! Lets the linker put functions together that come to the same instructions, where it can: a fourteenth of the optimized binary.
//!
//! Generic code is compiled once for each type, and much of it comes out the same. Only some linkers can fold it (LLVM's, which Rust
//! brings along for Linux; gold and mold), so an empty program is linked first.

#![allow(clippy::print_stdout, clippy::disallowed_methods)] // how Cargo and build scripts talk

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

const FOLD: &str = "link-arg=-Wl,--icf=all";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") && can_fold().unwrap_or(false) {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}

/// Says whether the linker of the target knows how; nothing if that cannot be tried.
fn can_fold() -> Option<bool> {
    let folder = env::var_os("OUT_DIR")?;
    let (source, program) = (Path::new(&folder).join("empty.rs"), Path::new(&folder).join("empty"));
    fs::write(&source, "fn main() {}\n").ok()?;
    let mut rustc = Command::new(env::var_os("RUSTC")?);
    rustc.args(["--edition=2024", "--target", &env::var("TARGET").ok()?, "-C", FOLD]);
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.args(["-C", &format!("linker={linker}")]);
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    rustc.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    rustc.arg("-o").arg(program).arg(source).stdout(Stdio::null()).stderr(Stdio::null());
    Some(rustc.status().ok()?.success())
}
