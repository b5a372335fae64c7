//! The command line: the only module with IO.

mod affects;
mod args;
mod diff;
mod excerpt;
mod expand;
mod explain;
mod generate;
mod git;
mod glob;
mod graph;
mod guard;
mod help;
mod input;
mod limits;
mod lint;
mod node;
mod outcome;
mod output;
mod page;
mod program;
mod progress;
mod proxies;
pub mod render;
mod rendered;
mod report;
mod selection;
mod settings;
mod show;
mod side;
pub mod source;
mod test;
mod translate;
mod upgrade;
mod watch;
mod why;
mod yaml;

pub use outcome::Outcome;

use std::io::Write as _;

use clap::Parser;

/// Runs the command that the arguments ask for.
pub fn run() -> anyhow::Result<Outcome> {
    let args::Args { command, output } = match args::Args::try_parse() {
        Ok(args) => args,
        // Help and version are such errors, too.
        Err(error) => return shown(&error),
    };
    match output.color {
        args::Color::Auto => {}
        args::Color::Always => anstream::ColorChoice::Always.write_global(),
        args::Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let Some(command) = command else { return help::short() };
    guard::start(command.limits().unwrap_or(&limits::Limits::default()));
    match command {
        args::Command::Translate(arguments) => translate::run(&arguments, &output),
        args::Command::Show(arguments) => show::run(&arguments, &output),
        args::Command::Proxies(arguments) => proxies::run(&arguments, &output),
        args::Command::Settings(arguments) => settings::run(&arguments, &output),
        args::Command::Diff(arguments) => diff::run(&arguments, &output),
        args::Command::Affects(arguments) => affects::run(&arguments),
        args::Command::Graph(arguments) => graph::run(&arguments),
        args::Command::Report(arguments) => page::run(&arguments),
        args::Command::Why(arguments) => why::run(&arguments),
        args::Command::Expand(arguments) => expand::run(arguments, &output),
        args::Command::Lint(arguments) => lint::run(&arguments, &output),
        args::Command::Explain(arguments) => explain::run(&arguments, &output),
        args::Command::Test(arguments) => test::run(&arguments, &output),
        args::Command::ExplainRule { rule } => help::explain_rule(rule.as_deref()),
        args::Command::Completions { shell } => help::completions(shell),
        args::Command::Generate(arguments) => generate::run(&arguments),
        args::Command::Man { command } => help::man(command.as_deref()),
    }
}

/// Reads any bytes as what git says.
#[cfg(test)]
pub(crate) fn any_answer_of_git(bytes: &[u8]) {
    git::any_answer(bytes);
}

/// Writes what there is to say of the arguments: help to standard output, which has to take it.
fn shown(error: &clap::Error) -> anyhow::Result<Outcome> {
    let written = error.print().map_err(anyhow::Error::from).and_then(|()| Ok(std::io::stdout().flush()?));
    match written {
        Err(failure) if !error.use_stderr() && !is_closed_pipe(&failure) => Err(failure),
        _ if error.exit_code() == 0 => Ok(Outcome::Fine),
        _ => Ok(Outcome::Usage),
    }
}

/// Keeps a value for as long as the process runs: taking a large mesh apart takes longer than translating a proxy of it.
fn keep<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "whether a certificate is valid depends on the day")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Says whether the reader of the output has gone away, which is no error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(std::io::ErrorKind::BrokenPipe)
    })
}
