//! `meshc diff --istio-version FROM..TO`

use std::io::Write as _;
use std::time::Instant;

use super::args::{Diff, DiffFormat, IstioVersion, MeshFlags, OutputFlags, ProxyVersion};
use super::input::Input;
use super::{Outcome, guard, is_closed_pipe, source};
use crate::diagnostic::Severity;
use crate::installation::Release;
use crate::upgrade::{self, Preview, Proxies};

/// Runs the command.
pub(super) fn run(arguments: &Diff, (from, to): (Release, Release), flags: &OutputFlags) -> anyhow::Result<Outcome> {
    let proxies = match arguments.mesh.proxy_version {
        None => Proxies::Move,
        Some(ProxyVersion::Image) => Proxies::Image,
        Some(ProxyVersion::Release(release)) => Proxies::Hold(release),
    };
    anyhow::ensure!(
        !arguments.all && !arguments.stat,
        "a comparison of two releases has neither --all nor --stat: its summary counts"
    );
    let files = source::read(&arguments.sides, &arguments.mesh.limits)?;
    guard::many("translating the mesh for both releases", 0);
    let mesh = MeshFlags { istio_version: Some(IstioVersion::One(to)), ..arguments.mesh.clone() };
    let options = mesh.options()?;
    let preview = upgrade::preview(
        &files,
        &options,
        (from, to),
        proxies,
        &|proxies| arguments.selection.filter(proxies),
        &|| {
            guard::step("the comparison");
        },
    );
    anyhow::ensure!(
        preview.proxies > 0,
        "no proxies to compare: neither an injected workload nor a gateway is selected"
    );
    match write(&preview, arguments.output).map_err(anyhow::Error::from) {
        Err(error) if is_closed_pipe(&error) => {}
        other => other?,
    }
    // What the new release does not take in.
    Input::of(Instant::now(), files, &options)?.report_findings(Severity::Error, flags);
    Ok(if preview.differing == 0 { Outcome::Fine } else { Outcome::Differs })
}

fn write(preview: &Preview, format: DiffFormat) -> std::io::Result<()> {
    match format {
        DiffFormat::Summary | DiffFormat::Unified => {
            anstream::stdout().lock().write_all(upgrade::summary(preview).as_bytes())
        }
        DiffFormat::Json => std::io::stdout().lock().write_all(upgrade::json(preview).as_bytes()),
        DiffFormat::Markdown => std::io::stdout().lock().write_all(upgrade::markdown(preview).as_bytes()),
    }
}
