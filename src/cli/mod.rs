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
mod help;
mod input;
mod limits;
mod lint;
mod node;
mod outcome;
mod progress;
mod proxies;
pub mod render;
mod rendered;
mod report;
mod selection;
mod settings;
mod side;
pub mod source;
mod test;
mod translate;
mod watch;
mod why;
mod yaml;

pub use outcome::Outcome;

use clap::Parser;

/// Runs the command that the arguments ask for.
pub fn run() -> anyhow::Result<Outcome> {
    let args::Args { command, output } = args::Args::parse();
    match output.color {
        args::Color::Auto => {}
        args::Color::Always => anstream::ColorChoice::Always.write_global(),
        args::Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    match command {
        args::Command::Translate(arguments) => translate::run(&arguments, &output),
        args::Command::Proxies(arguments) => proxies::run(&arguments, &output),
        args::Command::Settings(arguments) => settings::run(&arguments, &output),
        args::Command::Diff(arguments) => diff::run(&arguments, &output),
        args::Command::Affects(arguments) => affects::run(&arguments),
        args::Command::Why(arguments) => why::run(&arguments, &output),
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

/// Keeps a value for as long as the process runs: taking a large mesh apart takes longer than translating a proxy of it.
fn keep<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

/// Says whether the reader of the output has gone away, which is no error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(std::io::ErrorKind::BrokenPipe)
    })
}
