//! The last limit: how much memory and time the process takes.
//!
//! What multiplies in known ways is counted ([`crate::budget`]) and refused with its place. This ends a run that multiplies in
//! another way, with an error instead of an abort or of minutes without an end. Linux tells what a process takes; elsewhere there is
//! no such limit.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::limits::{Limits, shown};
use super::output;
use crate::source::SourceFile;

/// How often it is looked at.
const PACE: Duration = Duration::from_millis(20);

/// Debug builds are slower.
const PATIENCE: u64 = if cfg!(debug_assertions) { 20 } else { 1 };

/// Steps that are done.
static STEPS: AtomicU64 = AtomicU64::new(0);

/// Begins to watch, once.
pub(super) fn start<'f>(limits: &Limits, files: impl IntoIterator<Item = &'f SourceFile>) {
    start_for(limits, files.into_iter().map(|file| file.content.as_ref().map_or(0, Vec::len)).sum());
}

/// The same for so many bytes of input.
pub(super) fn start_for(limits: &Limits, input: usize) {
    static ONCE: Once = Once::new();
    let input = u64::try_from(input).unwrap_or(u64::MAX);
    let memory = limits.memory.max(input.saturating_mul(64));
    let cpu = limits.cpu.saturating_add((input >> 20) * 2).saturating_mul(PATIENCE);
    ONCE.call_once(|| {
        // Without the thread there is no limit, and no harm done otherwise.
        let _ = std::thread::Builder::new().name("limits".to_owned()).spawn(move || watch(memory, cpu));
    });
}

/// Says that a step is done: time is counted from here.
pub(super) fn progress() {
    STEPS.fetch_add(1, Ordering::Relaxed);
}

fn watch(memory: u64, cpu: u64) {
    let (mut steps, mut since) = (0, cpu_seconds().unwrap_or(0.0));
    loop {
        std::thread::sleep(PACE);
        let (Some(used), Some(now)) = (memory_used(), cpu_seconds()) else { return };
        if used > memory {
            let limit = shown(memory);
            end("limit-memory", &format!("more than {limit} of memory would be needed; --max-memory raises the limit"));
        }
        let done = STEPS.load(Ordering::Relaxed);
        if done != steps {
            (steps, since) = (done, now);
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds")]
        if now - since > cpu as f64 {
            end("limit-cpu", &format!("a step takes more than {cpu} s of CPU; --max-cpu raises the limit"));
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
