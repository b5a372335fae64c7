//! The command line: the only part that reads files and writes to the terminal.

pub mod render;
pub mod source;
