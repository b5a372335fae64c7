//! `meshc generate`: hidden, for whoever wants to see how meshc does at scale.

use std::fs;

use anyhow::Context as _;

use super::Outcome;
use super::args::Generate;
use crate::generate::{self, MeshSize};

/// Runs the command.
pub(super) fn run(arguments: &Generate) -> anyhow::Result<Outcome> {
    let Generate { folder, services, pods, namespaces, seed } = arguments;
    let size = MeshSize { services: *services, pods: *pods, namespaces: *namespaces, seed: *seed };
    for (name, text) in generate::mesh(&size) {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(Outcome::Fine)
}
