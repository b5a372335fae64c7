//! Generates `src/envoy/generated`, `src/envoy/schema.txt` and `src/envoy/README.md` from the `.proto` files of `envoy-types`.
//!
//! `cargo run -p envoy-schema` writes the files. `cargo run -p envoy-schema -- names` prints the structs' names, and `.. seen DIR`
//! which messages and fields the recordings below a folder use; it fails when one is unknown or the structs lack it.
#![allow(clippy::print_stdout, reason = "a developer's tool")]
#![allow(clippy::disallowed_methods, reason = "a developer's tool reads files")]

mod names;
mod protos;
mod readme;
mod rust;
mod schema;
mod seen;
mod table;
mod wanted;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// One file that the tool writes: its path below `src/envoy`, and its text.
struct Output {
    path: String,
    text: String,
}

/// Everything the tool writes.
fn outputs(schema: &schema::Schema, wanted: &wanted::Wanted) -> Result<Vec<Output>> {
    let plan = rust::Plan::new(schema, wanted)?;
    let mut outputs = rust::files(&plan)?;
    outputs.push(Output { path: "schema.txt".into(), text: table::text(schema) });
    outputs.push(Output { path: "README.md".into(), text: readme::text(&plan) });
    Ok(outputs)
}

/// The folder of the generated code.
fn envoy_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/envoy")
}

fn main() -> Result<()> {
    let schema = protos::load()?;
    let wanted = wanted::load()?;
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [] => {
            for output in outputs(&schema, &wanted)? {
                let path = envoy_dir().join(&output.path);
                let dir = path.parent().context("an output lies in a folder")?;
                std::fs::create_dir_all(dir)?;
                std::fs::write(&path, output.text).with_context(|| path.display().to_string())?;
            }
            Ok(())
        }
        [command] if command == "names" => {
            for (full, rust) in &rust::Plan::new(&schema, &wanted)?.messages {
                println!("{rust} {full}");
            }
            Ok(())
        }
        [command, dir] if command == "seen" => {
            seen::print(&schema, &rust::Plan::new(&schema, &wanted)?, Path::new(dir))
        }
        _ => anyhow::bail!("usage: envoy-schema [seen DIR]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_files_are_what_the_tool_writes() {
        let schema = protos::load().expect("the .proto files are readable");
        let wanted = wanted::load().expect("wanted.txt is well formed");
        let outputs = outputs(&schema, &wanted).expect("the wanted messages can be generated");
        for output in &outputs {
            let committed = std::fs::read_to_string(envoy_dir().join(&output.path)).unwrap_or_default();
            assert!(committed == output.text, "src/envoy/{} is stale: cargo run -p envoy-schema", output.path);
        }
        let mut written: Vec<&str> =
            outputs.iter().filter_map(|output| output.path.strip_prefix("generated/")).collect();
        written.sort_unstable();
        let mut committed: Vec<String> = std::fs::read_dir(envoy_dir().join("generated"))
            .expect("src/envoy/generated exists")
            .map(|entry| entry.expect("a readable entry").file_name().to_string_lossy().into_owned())
            .collect();
        committed.sort();
        assert_eq!(committed, written, "src/envoy/generated holds a file that the tool does not write");
    }
}
