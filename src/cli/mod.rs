//! The command line: the only module with IO.

mod args;
mod expand;
mod outcome;
pub mod render;
pub mod source;
mod translate;

pub use outcome::Outcome;

use clap::Parser;

/// Runs the command that the arguments ask for.
pub fn run() -> anyhow::Result<Outcome> {
    let args::Args { command } = args::Args::parse();
    match command {
        args::Command::Translate(arguments) => translate::run(&arguments),
        args::Command::Expand(arguments) => expand::run(&arguments),
    }
}
