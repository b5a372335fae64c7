//! `meshc report`

use std::io::Write as _;
use std::time::Instant;

use super::args::Report;
use super::input::{self, Input, Question};
use super::{Outcome, lint, output};
use crate::lint::Reported;
use crate::report::{Finding, page, report};
use crate::source::Sources;
use crate::visible::visible;

/// Runs the command.
pub(super) fn run(arguments: &Report) -> anyhow::Result<Outcome> {
    let world = input::world(&arguments.paths, &arguments.mesh, Question::All)?;
    let input = Input::of_world(Instant::now(), &world)?;
    let findings = lint::told(&input, &arguments.mesh)?;
    let sources = &input.manifests.sources;
    let findings = findings.iter().map(|one| finding(one, sources)).collect();
    let paths: Vec<String> = arguments.paths.iter().map(|path| path.display().to_string()).collect();
    let text = page(&report(&world, &paths.join(" "), findings))?;
    output::file(&arguments.output, |out| Ok(out.write_all(text.as_bytes())?))?;
    Ok(Outcome::Fine)
}

fn finding(one: &Reported, sources: &Sources) -> Finding {
    let text = |text: &str| visible(text).into_owned();
    Finding {
        level: one.level().as_str().to_lowercase(),
        code: one.rule.code.to_owned(),
        message: text(&one.message),
        resource: text(&one.resource),
        help: text(one.help.as_deref().unwrap_or_default()),
        file: one.span.map(|span| text(sources.path(span.source))).unwrap_or_default(),
        line: one.line.unwrap_or_default(),
    }
}
