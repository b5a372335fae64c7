//! Running another program to its end, within limits of time and of what it writes.

use std::io::{BufReader, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::limits::{Limits, shown};

/// How often a program that has closed its output is asked whether it has ended.
const PACE: Duration = Duration::from_millis(5);

/// How much is kept of what a program complains about.
const ERRORS: u64 = 1 << 16;

/// What runs.
static RUNNING: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// Runs a program, and returns what it writes; nothing if there is no such program.
///
/// It ends, with all that it has started, when it takes too long, writes too much, or a signal ends meshc.
pub(super) fn run(mut command: Command, what: &str, limits: &Limits) -> anyhow::Result<Option<Vec<u8>>> {
    let cannot = || format!("cannot run `{what}`");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Some((mut child, running)) = spawn(&mut command).with_context(cannot)? else { return Ok(None) };
    let (text, errors) = (child.stdout.take(), child.stderr.take());
    running.watch(child);
    let deadline = Instant::now().checked_add(Duration::from_secs(limits.program));
    let text = drain(text, limits.file_size.saturating_add(1)).and_then(|text| Ok((text, drain(errors, ERRORS)?)));
    let (text, errors) = text.with_context(cannot)?;
    let too_long = || too_long(what, limits.program);
    let text = received(&text, deadline).ok_or_else(too_long)?.with_context(cannot)?;
    anyhow::ensure!(
        text.len() as u64 <= limits.file_size,
        "`{what}` writes more than {}; --max-file-size raises the limit",
        shown(limits.file_size)
    );
    let status = running.ended(deadline).with_context(cannot)?.ok_or_else(too_long)?;
    if !status.success() {
        let errors = received(&errors, deadline).ok_or_else(too_long)?.with_context(cannot)?;
        anyhow::bail!("`{what}` fails: {}", String::from_utf8_lossy(&errors).trim());
    }
    Ok(Some(text))
}

/// Starts a program; nothing if there is no such program.
fn spawn(command: &mut Command) -> std::io::Result<Option<(Child, Running)>> {
    // A signal of the terminal reaches meshc only, which passes it on.
    super::output::end_well_on_signals();
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    match command.spawn() {
        Ok(child) => {
            let running = Running(child.id());
            Ok(Some((child, running)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn too_long(what: &str, seconds: u64) -> anyhow::Error {
    anyhow::anyhow!("`{what}` takes longer than {seconds} s; --max-program-time raises the limit")
}

/// A program that is asked one question after the other. It ends when this is dropped, or when it takes too long.
pub(super) struct Conversation {
    /// Where questions go, and answers come from.
    pub(super) pipes: (ChildStdin, BufReader<ChildStdout>),
    what: &'static str,
    seconds: u64,
    is_late: Arc<AtomicBool>,
    /// Dropped before the program is ended: nobody waits any more.
    _clock: Sender<()>,
    _running: Running,
}

impl Conversation {
    /// Starts a program; nothing if there is no such program.
    pub(super) fn new(mut command: Command, what: &'static str, limits: &Limits) -> anyhow::Result<Option<Self>> {
        let cannot = || format!("cannot run `{what}`");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Some((mut child, running)) = spawn(&mut command).with_context(cannot)? else { return Ok(None) };
        let pipes = child.stdin.take().zip(child.stdout.take());
        let id = child.id();
        running.watch(child);
        let (questions, answers) = pipes.with_context(cannot)?;
        let pipes = (questions, BufReader::new(answers));
        let (clock, ticks) = channel::<()>();
        let is_late = Arc::new(AtomicBool::new(false));
        let (late, seconds) = (is_late.clone(), limits.program);
        let wait = move || {
            if ticks.recv_timeout(Duration::from_secs(seconds)) == Err(RecvTimeoutError::Timeout) {
                late.store(true, Ordering::Relaxed);
                // Not waited for: it keeps its number until the conversation ends.
                if let Some(child) = running_now().iter_mut().find(|child| child.id() == id) {
                    kill(child);
                }
            }
        };
        std::thread::Builder::new().name("clock".to_owned()).spawn(wait).with_context(cannot)?;
        Ok(Some(Self { pipes, what, seconds, is_late, _clock: clock, _running: running }))
    }

    /// Says why an answer is missing, if that is because it took too long.
    pub(super) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        if self.is_late.load(Ordering::Relaxed) { too_long(self.what, self.seconds) } else { error }
    }
}

/// Ends what runs, and all that it has started.
pub(super) fn stop() {
    for mut child in std::mem::take(&mut *running_now()) {
        kill(&mut child);
        let _ = child.wait();
    }
}

/// Ends a program with all that it has started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
}

/// A program that runs, by its number; it ends when this is dropped.
struct Running(u32);

impl Running {
    /// Keeps a program where a signal finds it.
    fn watch(&self, child: Child) {
        debug_assert_eq!(self.0, child.id());
        running_now().push(child);
    }

    /// Waits for the end; nothing if that takes too long.
    fn ended(&self, deadline: Option<Instant>) -> std::io::Result<Option<ExitStatus>> {
        loop {
            // A signal may have ended it, and then ends us.
            let mut running = running_now();
            let child = running.iter_mut().find(|child| child.id() == self.0);
            let status = child.map(Child::try_wait).transpose()?.flatten();
            drop(running);
            if status.is_some() || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(status);
            }
            std::thread::sleep(PACE);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = running_now();
        let at = running.iter().position(|child| child.id() == self.0);
        let child = at.map(|at| running.swap_remove(at));
        drop(running);
        if let Some(mut child) = child {
            kill(&mut child);
            let _ = child.wait();
        }
    }
}

fn running_now() -> std::sync::MutexGuard<'static, Vec<Child>> {
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
