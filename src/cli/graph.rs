//! `meshc graph`

use std::io::Write as _;

use super::args::{Graph, GraphFormat};
use super::input::Question;
use super::{Outcome, input, is_closed_pipe, selection};
use crate::graph::{Pictures, Wanted, dot, html, mermaid, svg};

/// Runs the command.
pub(super) fn run(arguments: &Graph) -> anyhow::Result<Outcome> {
    let world = input::world(&arguments.paths, &arguments.mesh, Question::All)?;
    let pictures = Pictures::new(&world);
    let wanted = match (&arguments.host, &arguments.proxy, &arguments.object) {
        (Some(host), ..) => Wanted::Host(host.clone()),
        (_, Some(proxy), _) => Wanted::Proxy(selection::one(proxy, pictures.proxies())?.full_name()),
        (_, _, Some(object)) => Wanted::Object(object.clone()),
        _ => Wanted::All,
    };
    let graph = pictures.of(&wanted)?;
    let text = match arguments.output {
        GraphFormat::Mermaid => mermaid(&graph),
        GraphFormat::Dot => dot(&graph),
        GraphFormat::Svg => svg(&graph),
        GraphFormat::Html => html(&graph),
    };
    match std::io::stdout().lock().write_all(text.as_bytes()).map_err(anyhow::Error::from) {
        Err(error) if !is_closed_pipe(&error) => Err(error),
        _ => Ok(Outcome::Fine),
    }
}
