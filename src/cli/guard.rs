//! The last limit: how much memory and time the process takes.
//!
//! What multiplies in known ways is counted ([`crate::budget`]) and refused with its place. This ends a run that multiplies in
//! another way, with an error instead of an abort or of minutes without an end. Linux tells what a process takes; elsewhere there is
//! no such limit.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::limits::{Limits, shown};
use super::output;
use crate::visible::visible;

/// How often it is looked at.
const PACE: Duration = Duration::from_millis(20);

/// Debug builds are slower.
const PATIENCE: u64 = if cfg!(debug_assertions) { 20 } else { 1 };

/// What the threads are doing.
static STATE: Mutex<State> = Mutex::new(State::new(0));

/// How many times as long as one step a run may take, at most.
const MOST: u64 = 60;

/// How many steps must be done before a run may take as long again as one may: what an honest run takes grows with its proxies.
const DONE: u64 = 256;

/// The first step.
const READING: &str = "reading the input";

struct State {
    /// Which look at the input this is; only `--watch` has several.
    run: u64,
    /// Steps that are done.
    steps: u64,
    /// What is done now.
    step: &'static str,
    /// How many steps that may be which nobody tells apart, if it is such.
    many: Option<u64>,
    /// Bytes that were read.
    input: u64,
    /// Bytes that were written to files.
    output: u64,
    /// The largest file that was read, and its bytes.
    largest: Option<(String, u64)>,
}

impl State {
    const fn new(run: u64) -> Self {
        Self { run, steps: 0, step: READING, many: None, input: 0, output: 0, largest: None }
    }

    /// MiB of input after the first: what one takes is in the limits already.
    fn further_megabytes(&self) -> u64 {
        (self.input >> 20).saturating_sub(1)
    }
}

/// How much may be written to files, and as much more for each MiB of input after the first.
static MOST_OUTPUT: OnceLock<u64> = OnceLock::new();

/// Begins to watch.
pub(super) fn start(limits: &Limits) {
    let (memory, cpu) = (limits.memory, limits.cpu);
    let _ = MOST_OUTPUT.set(limits.output_size);
    // Without the thread there is no limit, and no harm done otherwise.
    let _ = std::thread::Builder::new().name("limits".to_owned()).spawn(move || watch(memory, cpu));
}

/// Counts what was read: more input may take more.
pub(super) fn read(path: &str, bytes: usize) {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let mut state = state();
    state.input = state.input.saturating_add(bytes);
    if state.largest.as_ref().is_none_or(|(_, most)| bytes > *most) {
        state.largest = Some((path.to_owned(), bytes));
    }
}

/// Counts what is written to a file; the error says that it is too much.
pub(super) fn wrote(bytes: u64) -> anyhow::Result<()> {
    let mut state = state();
    state.output = state.output.saturating_add(bytes);
    let most = MOST_OUTPUT.get().copied().unwrap_or(u64::MAX).saturating_mul(state.further_megabytes() + 1);
    anyhow::ensure!(
        state.output <= most,
        "the run would write more than {}; --max-output raises the limit (limit-output)",
        shown(most)
    );
    Ok(())
}

/// Says that a step is done, and what the next one is: its time is counted from here.
pub(super) fn step(next: &'static str) {
    let mut state = state();
    state.steps += 1;
    if state.many.is_none() {
        state.step = next;
    }
}

/// Says that what comes now, up to the end, is many steps which nobody tells apart, for so many proxies or requests: only all of them
/// together have a limit of time.
pub(super) fn many(what: &'static str, of: usize) {
    /// Proxies of a small mesh are looked at again and again.
    const EACH: u64 = 16;
    step(what);
    state().many = Some(u64::try_from(of).unwrap_or(u64::MAX).saturating_mul(EACH));
}

/// Says that the input is looked at anew.
pub(super) fn again() {
    let mut state = state();
    *state = State::new(state.run + 1);
}

fn state() -> std::sync::MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch(memory: u64, cpu: u64) {
    let mut at = (0, 0);
    let (mut since_run, mut since_step) = (0.0, 0.0);
    loop {
        std::thread::sleep(PACE);
        let (Some(used), Some(now)) = (memory_used(), cpu_seconds()) else { return };
        let state = state();
        if state.run != at.0 {
            since_run = now;
        }
        if (state.run, state.steps) != at {
            (at, since_step) = ((state.run, state.steps), now);
        }
        let megabytes = state.further_megabytes();
        let memory = memory.max(state.input.saturating_mul(96));
        let of_step = cpu.saturating_add(megabytes.saturating_mul(4)).saturating_mul(PATIENCE);
        let times = 1 + state.steps.saturating_add(state.many.unwrap_or(0)) / DONE;
        let times = times.min(MOST);
        let of_run = of_step.saturating_mul(times);
        let is_step = state.many.is_none();
        let largest = state.largest.as_ref().map(|(path, _)| format!("; the largest file is {}", visible(path)));
        let (step, largest) = (state.step, largest.unwrap_or_default());
        drop(state);
        let end = |code: &str, what: &str, flag: &str| end(code, &format!("{what}{largest}; {flag} raises the limit"));
        if used > memory {
            let limit = shown(memory);
            end("limit-memory", &format!("{step} would need more than {limit} of memory"), "--max-memory");
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds")]
        if is_step && now - since_step > of_step as f64 {
            end("limit-cpu", &format!("{step} takes more than {of_step} s of CPU"), "--max-cpu");
        } else if now - since_run > of_run as f64 {
            end("limit-cpu", &format!("the run takes more than {of_run} s of CPU, at last for {step}"), "--max-cpu");
        }
    }
}

#[expect(clippy::exit, reason = "the other threads are in the middle of too much work")]
fn end(code: &str, message: &str) -> ! {
    output::abandon(|| {
        let _ = std::io::Write::write_all(&mut anstream::stderr(), format!("meshc: {message} ({code})\n").as_bytes());
        std::process::exit(2)
    })
}

/// Bytes that the process has in memory.
fn memory_used() -> Option<u64> {
    let status = std::fs::read("/proc/self/status").ok()?;
    let status = String::from_utf8_lossy(&status);
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Seconds of CPU of all threads so far.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read("/proc/self/stat").ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // After the name, which may hold anything: state, then eleven numbers, then user and system time in hundredths.
    let mut words = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (user, system): (f64, f64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((user + system) / 100.0)
}
