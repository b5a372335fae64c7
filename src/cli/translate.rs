//! `meshc translate`

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::Path;
use std::sync::Mutex;

use super::args::{DumpFormat, OutputFlags, Part, Translate};
use super::progress::Progress;
use super::{Outcome, guard, is_closed_pipe, keep, output, proxies, watch, yaml};
use crate::config_dump::{ConfigDump, Query};
use crate::diagnostic::Diagnostics;
use crate::mesh::Mesh;
use crate::pipeline::{translate_in_order, translate_while};
use crate::proxy::{self, Proxy};

/// Size of the buffer before a file.
const BUFFER: usize = 1 << 20;

/// Runs the command.
pub(super) fn run(arguments: &Translate, flags: &OutputFlags) -> anyhow::Result<Outcome> {
    if arguments.watch {
        watch::run_again(&arguments.input.watched())?;
        return Ok(Outcome::Fine);
    }
    let (input, rendered) = arguments.input.read()?;
    let input = keep(input);
    let strict = arguments.input.strict;
    if strict && input.has_errors() {
        return Ok(input.report(None, &rendered, strict, flags));
    }
    let mesh = &*keep(input.mesh());
    input.diagnostics.extend(mesh.findings.clone());
    let all = keep(proxy::proxies(mesh));
    input.diagnostics.extend(proxy::unserved_gateways(mesh, all));
    let chosen = arguments.selection.choose(all)?;
    if is_for_reading(arguments) && io::stdout().is_terminal() {
        proxies::print_table(&chosen)?;
        let outcome = input.report(Some(&chosen), &rendered, strict, flags);
        if !flags.quiet {
            anstream::eprintln!("\n{GO_ON}");
        }
        return Ok(outcome);
    }
    let writer = Writer { query: query(&arguments.part), format: arguments.output };
    let progress = Progress::new(chosen.len(), flags.quiet);
    let (diagnostics, written) = match &arguments.out_dir {
        Some(dir) => writer.to_folder(dir, mesh, &chosen, &progress)?,
        None if arguments.selection.is_exact() && chosen.len() == 1 => writer.one(mesh, &chosen),
        None => writer.keyed(mesh, &chosen, &progress),
    };
    progress.finish();
    input.diagnostics.extend(diagnostics);
    match written {
        Err(error) if is_closed_pipe(&error) => {}
        other => other?,
    }
    Ok(input.report(Some(&chosen), &rendered, strict, flags))
}

/// What follows the table of proxies.
const GO_ON: &str = "\
Add `--proxy NAME.NAMESPACE` to print one proxy's config dump, `--all` to print all, or `--out-dir DIR` to write a file each.
`meshc show` prints a proxy's clusters, listeners and routes as tables.";

/// Whether nobody has asked for a dump by name: on a terminal, thousands of lines are no answer.
fn is_for_reading(arguments: &Translate) -> bool {
    let Translate { selection, out_dir, all, part, .. } = arguments;
    let Part { resource, mask, name_regex, .. } = part;
    let is_whole = resource.is_none() && mask.is_none() && name_regex.is_none();
    is_whole && selection.proxy.is_empty() && out_dir.is_none() && !all
}

fn query(part: &Part) -> Query {
    let Part { resource, mask, name_regex, include_eds } = part;
    Query { include_eds: *include_eds, resource: resource.clone(), mask: mask.clone(), name_regex: name_regex.clone() }
}

/// How dumps are written.
struct Writer {
    query: Query,
    format: DumpFormat,
}

type Written = (Diagnostics, anyhow::Result<()>);

impl Writer {
    /// Writes a file for each proxy.
    fn to_folder(&self, dir: &Path, mesh: &Mesh, proxies: &[&Proxy], progress: &Progress) -> anyhow::Result<Written> {
        output::folder(dir)?;
        let extension = match self.format {
            DumpFormat::Json => "json",
            DumpFormat::Yaml => "yaml",
        };
        let failure: Mutex<Option<anyhow::Error>> = Mutex::default();
        let diagnostics = translate_while(mesh, proxies, |proxy, dump| {
            let path = dir.join(format!("{}.{extension}", proxy.full_name()));
            let written = output::file(&path, |out| self.dump(&dump, out));
            progress.step();
            guard::step("the translation");
            let goes_on = written.is_ok();
            if let (Err(error), Ok(mut failure)) = (written, failure.lock()) {
                failure.get_or_insert(error);
            }
            goes_on
        });
        let failure = failure.into_inner().unwrap_or_default();
        Ok((diagnostics, failure.map_or(Ok(()), Err)))
    }

    /// Writes one dump to standard output.
    fn one(&self, mesh: &Mesh, proxies: &[&Proxy]) -> Written {
        let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
        let render = |_: &Proxy, dump| dump;
        let (diagnostics, written) = translate_in_order(mesh, proxies, render, |_, dump| self.dump(&dump, &mut out));
        (diagnostics, written.and_then(|()| Ok(out.flush()?)))
    }

    /// Writes one object to standard output, with a field for each proxy.
    fn keyed(&self, mesh: &Mesh, proxies: &[&Proxy], progress: &Progress) -> Written {
        let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
        let mut is_first = true;
        let render = |proxy: &Proxy, dump: ConfigDump| {
            let mut text = Vec::new();
            self.dump(&dump, &mut text)?;
            progress.step();
            guard::step("the translation");
            self.field(&proxy.full_name(), &text)
        };
        let (diagnostics, written) = translate_in_order(mesh, proxies, render, |_, text: anyhow::Result<Vec<u8>>| {
            let text = text?;
            if self.format == DumpFormat::Json {
                out.write_all(if std::mem::take(&mut is_first) { b"{\n" } else { b",\n" })?;
            } else {
                is_first = false;
            }
            Ok(out.write_all(&text)?)
        });
        let end: &[u8] = match self.format {
            _ if is_first => b"{}\n",
            DumpFormat::Json => b"\n}\n",
            DumpFormat::Yaml => b"",
        };
        let mut finish = || {
            out.write_all(end)?;
            Ok(out.flush()?)
        };
        (diagnostics, written.and_then(|()| finish()))
    }

    /// Returns a field whose value is printed already.
    fn field(&self, name: &str, value: &[u8]) -> anyhow::Result<Vec<u8>> {
        let value = value.strip_suffix(b"\n").unwrap_or(value);
        let mut out = Vec::with_capacity(value.len() + value.len() / 16);
        let mut lines = value.split(|byte| *byte == b'\n');
        match self.format {
            DumpFormat::Json => {
                out.push(b' ');
                out.extend(crate::envoy::json::to_vec(name)?);
                out.extend(b": ");
                out.extend(lines.next().unwrap_or_default());
                for line in lines {
                    out.extend(b"\n ");
                    out.extend(line);
                }
            }
            DumpFormat::Yaml => {
                out.extend(yaml::to_string(&name)?.trim_end().bytes());
                out.extend(b":\n");
                for line in lines {
                    if !line.is_empty() {
                        out.extend(b"  ");
                    }
                    out.extend(line);
                    out.push(b'\n');
                }
            }
        }
        Ok(out)
    }

    fn dump(&self, dump: &ConfigDump, out: &mut impl Write) -> anyhow::Result<()> {
        match self.format {
            DumpFormat::Json if self.query.resource.is_none() && self.query.mask.is_none() => {
                dump.write_part(&self.query, out)?;
            }
            DumpFormat::Json => {
                crate::envoy::json::to_writer(&mut *out, &dump.part(&self.query)?)?;
                out.write_all(b"\n")?;
            }
            DumpFormat::Yaml => out.write_all(yaml::to_string(&dump.part(&self.query)?)?.as_bytes())?,
        }
        Ok(())
    }
}
