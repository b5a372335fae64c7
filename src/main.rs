//! The binary: runs one command and maps its outcome to an exit code.

use std::process::ExitCode;

/// Reading manifests makes many small objects, on several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match meshc::cli::run() {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            anstream::eprintln!("meshc: {error:#}");
            ExitCode::from(2)
        }
    }
}
