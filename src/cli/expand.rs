//! `meshc expand`

use std::io::{self, BufWriter, Write};

use anyhow::Context as _;

use super::args::{Expand, OutputFlags};
use super::input::Input;
use super::rendered::Rendered;
use super::{Outcome, is_closed_pipe, yaml};

/// Runs the command: all objects of the input, completed, as documents of YAML.
pub(super) fn run(arguments: Expand, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let Expand { paths, strict, mesh } = arguments;
    let mut input = Input::read(&paths, &mesh)?;
    if strict && input.has_errors() {
        return input.report(None, &Rendered::default(), strict, flags);
    }
    match write(&input, &mut BufWriter::new(io::stdout().lock())) {
        Err(error) if is_closed_pipe(&error) => {}
        other => other.context("cannot write to standard output")?,
    }
    input.report_expansion(strict, flags)
}

fn write(input: &Input, out: &mut impl Write) -> anyhow::Result<()> {
    for object in input.expansion.documents(&input.manifests) {
        let text = yaml::to_string(&object).context("an object cannot be printed")?;
        write!(out, "---\n{text}")?;
    }
    Ok(out.flush()?)
}
