//! `meshc translate`

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::sync::Mutex;

use anyhow::Context as _;

use super::args::Translate;
use super::{Outcome, render, source};
use crate::config_dump::node::file_stem;
use crate::expand;
use crate::ingest;
use crate::mesh::Mesh;
use crate::options::Options;
use crate::pipeline::translate_all;
use crate::proxy::{self, Proxy};

/// Runs the command.
pub(super) fn run(arguments: &Translate) -> anyhow::Result<Outcome> {
    let files = source::read(&arguments.paths);
    let (mut manifests, mut diagnostics) = ingest::ingest(files);
    expand::expand(&mut manifests, &Options { expand: !arguments.no_expand, ..Options::default() });
    let settings = ingest::mesh_settings(&manifests, None, None, &mut diagnostics);
    let mesh = Mesh::new(&manifests, &settings);
    let proxies = proxy::proxies(&mesh);
    let chosen: Vec<&Proxy> = proxies
        .iter()
        .filter(|p| {
            arguments.proxy.is_empty() || arguments.proxy.iter().any(|name| *name == p.name || *name == file_stem(p))
        })
        .collect();
    let failure: Mutex<Option<anyhow::Error>> = Mutex::default();
    if let Some(dir) = &arguments.out_dir {
        fs::create_dir_all(dir).with_context(|| format!("the folder {} cannot be made", dir.display()))?;
        diagnostics.extend(translate_all(&mesh, &chosen, |proxy, dump| {
            let path = dir.join(format!("{}.json", file_stem(proxy)));
            let write = || {
                let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
                dump.write(&mut out)?;
                out.flush()
            };
            if let Err(error) = write() {
                let error = anyhow::Error::new(error).context(format!("{} cannot be written", path.display()));
                if let Ok(mut failure) = failure.lock() {
                    failure.get_or_insert(error);
                }
            }
        }));
    } else {
        let out = Mutex::new(BufWriter::new(io::stdout().lock()));
        let _ = out;
    }
    let diagnostics = diagnostics.finish(&manifests.sources, |resource, path| manifests.locate(resource, path));
    render::write(&diagnostics, &manifests.sources, &mut anstream::stderr())?;
    match failure.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => Ok(Outcome::Fine),
    }
}
