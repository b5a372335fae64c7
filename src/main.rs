//! The binary: runs one command and maps its outcome to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    match meshc::cli::run() {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            anstream::eprintln!("meshc: {error:#}");
            ExitCode::from(2)
        }
    }
}
