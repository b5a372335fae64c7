//! Assertions about requests: a file of cases, each a request and what must come of it.
//!
//! ```text
//! text ──read──▶ Cases ──explain──▶ Report ──check──▶ Verdict
//! ```

mod check;
mod read;

pub use check::{Difference, check};
pub use read::{Case, Expect, Share, cases};
