//! The binary: runs one command and maps its outcome to an exit code.

use std::io::Write as _;
use std::process::ExitCode;

use meshc::visible::visible;

/// Reading manifests makes many small objects, on several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Where no thread can be started, this one does all.
    if rayon::ThreadPoolBuilder::new().build().is_err() {
        let _ = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    }
    match meshc::cli::run() {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            // Standard error may be full or closed.
            let _ = writeln!(anstream::stderr(), "meshc: {}", visible(&format!("{error:#}")));
            ExitCode::from(2)
        }
    }
}
