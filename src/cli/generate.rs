//! `meshc generate`: hidden, for whoever wants to see how meshc does at scale.

use std::io::Write as _;

use super::args::Generate;
use super::{Outcome, output};
use crate::generate::{self, MeshSize};

/// Runs the command.
pub(super) fn run(arguments: &Generate) -> anyhow::Result<Outcome> {
    let Generate { folder, services, pods, namespaces, seed } = arguments;
    let size = MeshSize { services: *services, pods: *pods, namespaces: *namespaces, seed: *seed };
    for (name, text) in generate::mesh(&size) {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            output::folder(parent)?;
        }
        output::file(&path, |out| Ok(out.write_all(text.as_bytes())?))?;
    }
    Ok(Outcome::Fine)
}
