//! Changes of bytes at random.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// Pieces of the languages that are read.
const WORDS: &[&str] = &[
    "\n",
    " ",
    "  ",
    "---\n",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    ",",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "|\n",
    "- ",
    "#",
    "\\",
    "\\u0000",
    "\\x1b",
    "\u{1b}",
    "\u{202e}",
    "\u{0}",
    "\u{feff}",
    "é",
    "😀",
    "null",
    "~",
    "-1",
    "1e999",
    "18446744073709551616",
    "0x",
    ".nan",
    "true",
    "@type",
    "type.googleapis.com/",
    "``",
    "(",
    ")",
    "*",
    "+",
    "?",
    "{1000}",
    "\\p{L}",
    "[^",
    "|",
    ".",
    "%",
    "\t",
    "\r\n",
    "blob",
    "missing",
    "120000",
];

/// A source of changes.
pub(super) struct Mutator {
    state: u64,
}

impl Mutator {
    /// Starts anywhere.
    pub(super) fn new() -> Self {
        Self { state: RandomState::new().build_hasher().finish() | 1 }
    }

    /// Returns one of the inputs, changed in a few places.
    pub(super) fn input(&mut self, corpus: &[Vec<u8>], size: usize) -> Vec<u8> {
        let mut out = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(6) {
            self.change(&mut out, corpus);
        }
        out.truncate(size);
        out
    }

    fn change(&mut self, out: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(out.len() + 1);
        let end = (at + self.below(12)).min(out.len());
        match self.below(7) {
            0 => drop(out.drain(at..end)),
            1 => {
                let copy = out[at..end].to_vec();
                for _ in 0..=self.below(40) {
                    out.splice(at..at, copy.iter().copied());
                }
            }
            2 => {
                let other = &corpus[self.below(corpus.len())];
                let from = self.below(other.len() + 1);
                let to = (from + self.below(80)).min(other.len());
                out.splice(at..end, other[from..to].iter().copied());
            }
            3 if at < out.len() => {
                let bit = self.below(8);
                out[at] ^= 1 << bit;
            }
            4 => {
                let word = WORDS[self.below(WORDS.len())];
                let times = 1 << self.below(8);
                out.splice(at..at, word.repeat(if self.below(4) == 0 { times } else { 1 }).bytes());
            }
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                out.splice(at..end, word.bytes());
            }
        }
    }

    /// A number below another. Marsaglia's xorshift.
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}
