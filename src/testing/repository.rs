//! Tests of the repository as a whole: its layers, the binary, the README, and what holds for any input.

mod architecture;
mod article;
mod behaviours;
mod cli;
mod conflicts;
mod diff;
mod explain_command;
mod graph;
mod hostile;
mod injector;
mod lint;
mod lint_cases;
mod lint_command;
mod operator_gateways;
mod parity;
mod parity_tests;
mod properties;
mod provenance;
mod readme;
mod rejections;
mod simulation;
mod switches;
