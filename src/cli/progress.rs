//! A line that says how far long work is.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long work may take before it says anything.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the line changes.
const PACE: Duration = Duration::from_millis(100);

/// Width of the bar in characters.
const WIDTH: usize = 30;

/// The line; silent where standard error is no terminal.
#[derive(Debug)]
pub(super) struct Progress {
    total: usize,
    state: Option<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    done: usize,
    next: Instant,
    is_shown: bool,
}

impl Progress {
    /// Begins work on this many proxies.
    pub(super) fn new(total: usize, quiet: bool) -> Self {
        let is_shown = !quiet && std::io::stderr().is_terminal();
        let state = State { done: 0, next: Instant::now() + PATIENCE, is_shown: false };
        Self { total, state: is_shown.then(|| Mutex::new(state)) }
    }

    /// Counts one proxy.
    pub(super) fn step(&self) {
        let Some(Ok(mut state)) = self.state.as_ref().map(Mutex::lock) else { return };
        state.done += 1;
        let now = Instant::now();
        if now >= state.next {
            state.next = now + PACE;
            state.is_shown = true;
            let filled = (state.done * WIDTH / self.total.max(1)).min(WIDTH);
            let bar = format!("{}{}", "█".repeat(filled), "░".repeat(WIDTH - filled));
            // A bar that cannot be shown is no reason to stop.
            let _ = write!(std::io::stderr(), "\r{bar} {}/{} proxies", state.done, self.total);
        }
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        let Some(Ok(state)) = self.state.as_ref().map(Mutex::lock) else { return };
        if state.is_shown {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
