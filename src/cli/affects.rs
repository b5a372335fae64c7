//! `meshc affects`

use std::io::Write as _;

use super::args::{Affects, AffectsFormat};
use super::input::Question;
use super::{Outcome, excerpt, guard, input};
use crate::diff::{Report, render};
use crate::provenance::World;
use crate::provenance::affects::{Subject, affects};
use crate::visible::visible;

/// Runs the command.
pub(super) fn run(arguments: &Affects) -> anyhow::Result<Outcome> {
    let world = input::world(&arguments.paths, &arguments.mesh, Question::One)?;
    let subject = Subject::find(&world, &arguments.place)?;
    let report = affects(&world, &subject, || guard::step("the comparison"))?;
    let text = match arguments.output {
        _ if arguments.stat => title(&subject, &world) + &render::stat(&report),
        AffectsFormat::Summary => title(&subject, &world) + &summary(&report),
        AffectsFormat::Json => render::json(&report),
        AffectsFormat::Markdown => render::markdown(&report),
    };
    anstream::stdout().lock().write_all(text.as_bytes())?;
    Ok(if report.is_same() { Outcome::Differs } else { Outcome::Fine })
}

fn title(subject: &Subject, world: &World) -> String {
    format!("{}\n{}\n", visible(&subject.title()), excerpt::of(&subject.place, &world.manifests.sources))
}

fn summary(report: &Report) -> String {
    if report.is_same() {
        return format!("changes nothing: {}\n", render::stat(report).trim_end());
    }
    render::summary(report)
}
