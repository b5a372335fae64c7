//! Running another program to its end, within limits of time and of what it writes.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::limits::{Limits, shown};

/// How often a program that has closed its output is asked whether it has ended.
const PACE: Duration = Duration::from_millis(5);

/// How much is kept of what a program complains about.
const ERRORS: u64 = 1 << 16;

/// What runs.
static RUNNING: Mutex<Option<Child>> = Mutex::new(None);

/// Runs a program, and returns what it writes; nothing if there is no such program.
///
/// It ends, with all that it has started, when it takes too long, writes too much, or a signal ends meshc.
pub(super) fn run(mut command: Command, what: &str, limits: &Limits) -> anyhow::Result<Option<Vec<u8>>> {
    let cannot = || format!("cannot run `{what}`");
    // A signal of the terminal reaches meshc only, which passes it on.
    super::output::end_well_on_signals();
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = match command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(cannot),
    };
    let (text, errors) = (child.stdout.take(), child.stderr.take());
    *running() = Some(child);
    let _stopped = Stopped;
    let deadline = Instant::now().checked_add(Duration::from_secs(limits.program));
    let text = drain(text, limits.file_size.saturating_add(1)).and_then(|text| Ok((text, drain(errors, ERRORS)?)));
    let (text, errors) = text.with_context(cannot)?;
    let too_long =
        || anyhow::anyhow!("`{what}` takes longer than {} s; --max-program-time raises the limit", limits.program);
    let text = received(&text, deadline).ok_or_else(too_long)?.with_context(cannot)?;
    anyhow::ensure!(
        text.len() as u64 <= limits.file_size,
        "`{what}` writes more than {}; --max-file-size raises the limit",
        shown(limits.file_size)
    );
    let status = ended(deadline).with_context(cannot)?.ok_or_else(too_long)?;
    if !status.success() {
        let errors = received(&errors, deadline).ok_or_else(too_long)?.with_context(cannot)?;
        anyhow::bail!("`{what}` fails: {}", String::from_utf8_lossy(&errors).trim());
    }
    Ok(Some(text))
}

/// Ends what runs, and all that it has started.
pub(super) fn stop() {
    let Some(mut child) = running().take() else { return };
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Ends what still runs when it is dropped.
struct Stopped;

impl Drop for Stopped {
    fn drop(&mut self) {
        stop();
    }
}

fn running() -> std::sync::MutexGuard<'static, Option<Child>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads at most so many bytes beside; what follows is thrown away, so that the program does not wait for us.
fn drain(pipe: Option<impl Read + Send + 'static>, most: u64) -> std::io::Result<Receiver<std::io::Result<Vec<u8>>>> {
    let (sender, receiver) = channel();
    let read = move || {
        let Some(mut pipe) = pipe else { return };
        let mut kept = Vec::new();
        let read = pipe.by_ref().take(most).read_to_end(&mut kept);
        let _ = sender.send(read.map(|_| kept));
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    };
    std::thread::Builder::new().name("output".to_owned()).spawn(read)?;
    Ok(receiver)
}

/// Returns what was read, or nothing if that takes too long.
fn received(from: &Receiver<std::io::Result<Vec<u8>>>, deadline: Option<Instant>) -> Option<std::io::Result<Vec<u8>>> {
    let Some(deadline) = deadline else { return Some(from.recv().unwrap_or_else(|_| Ok(Vec::new()))) };
    match from.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(read) => Some(read),
        Err(RecvTimeoutError::Disconnected) => Some(Ok(Vec::new())),
        Err(RecvTimeoutError::Timeout) => None,
    }
}

/// Waits for the end; nothing if that takes too long.
fn ended(deadline: Option<Instant>) -> std::io::Result<Option<ExitStatus>> {
    loop {
        // A signal may have ended it, and then ends us.
        let status = running().as_mut().map(Child::try_wait).transpose()?.flatten();
        if status.is_some() || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(status);
        }
        std::thread::sleep(PACE);
    }
}
