//! `meshc expand`

use std::io::{self, BufWriter, Write};

use anyhow::Context as _;

use super::args::Expand;
use super::{Outcome, render, source};
use crate::expand;
use crate::ingest;
use crate::options::Options;

/// Runs the command: all objects of the input, completed, as documents of YAML.
pub(super) fn run(arguments: &Expand) -> anyhow::Result<Outcome> {
    let (mut manifests, diagnostics) = ingest::ingest(source::read(&arguments.paths));
    let expansion = expand::expand(&mut manifests, &Options { expand: true, ..Options::default() });
    let mut out = BufWriter::new(io::stdout().lock());
    for object in expansion.documents(&manifests) {
        let text = serde_yaml::to_string(&object).context("an object cannot be printed")?;
        match out.write_all(format!("---\n{text}").as_bytes()) {
            // Whoever read it has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Outcome::Fine),
            result => result.context("cannot write to standard output")?,
        }
    }
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    let diagnostics = diagnostics.finish(&manifests.sources, |resource, path| manifests.locate(resource, path));
    let mut err = anstream::stderr();
    render::write(&diagnostics, &manifests.sources, &mut err)?;
    for invented in &expansion.invented {
        writeln!(err, "made up: {invented}")?;
    }
    Ok(Outcome::Fine)
}
