//! `meshc expand`

use std::io::{self, BufWriter, Write};

use anyhow::Context as _;
use serde_json::Value;

use super::args::{Expand, OutputFlags};
use super::input::Input;
use super::rendered::Rendered;
use super::{Outcome, is_closed_pipe, yaml};

/// Runs the command: all objects of the input, completed, as documents of YAML.
pub(super) fn run(arguments: Expand, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let Expand { paths, redact, strict, mesh } = arguments;
    let mut input = Input::read(&paths, &mesh)?;
    if strict && input.has_errors() {
        return Ok(input.report(None, &Rendered::default(), strict, flags));
    }
    let mut objects = input.expansion.documents(&input.manifests);
    let secrets = objects.iter().filter(|object| holds_secrets(object)).count();
    if redact {
        objects.iter_mut().for_each(hide);
    } else if secrets > 0 && !flags.quiet {
        let noun = if secrets == 1 { "Secret" } else { "Secrets" };
        let _ = writeln!(anstream::stderr(), "the output holds {secrets} {noun} in clear; --redact hides the values");
    }
    match write(&objects, &mut BufWriter::new(io::stdout().lock())) {
        Err(error) if is_closed_pipe(&error) => {}
        other => other.context("cannot write to standard output")?,
    }
    Ok(input.report_expansion(strict, flags))
}

fn write(objects: &[Value], out: &mut impl Write) -> anyhow::Result<()> {
    for object in objects {
        let text = yaml::to_string(object).context("an object cannot be printed")?;
        write!(out, "---\n{text}")?;
    }
    Ok(out.flush()?)
}

fn holds_secrets(object: &Value) -> bool {
    let is_filled = |field: &str| object[field].as_object().is_some_and(|fields| !fields.is_empty());
    object["kind"] == "Secret" && (is_filled("data") || is_filled("stringData"))
}

/// Hides the values of a Secret, and what `kubectl apply` has written of them into an annotation.
fn hide(object: &mut Value) {
    const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
    if object["kind"] != "Secret" {
        return;
    }
    // In base64, as the values are.
    for (field, redacted) in [("data", "W3JlZGFjdGVkXQ=="), ("stringData", crate::model::REDACTED)] {
        if let Some(values) = object.get_mut(field).and_then(Value::as_object_mut) {
            values.values_mut().for_each(|value| *value = redacted.into());
        }
    }
    let annotations = object.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations"));
    if let Some(applied) = annotations.and_then(|annotations| annotations.get_mut(APPLIED)) {
        *applied = crate::model::REDACTED.into();
    }
}
