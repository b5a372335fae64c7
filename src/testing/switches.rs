//! The table of istiod's switches, compared with the rules that it names.

#![expect(clippy::disallowed_methods, reason = "a test of the files themselves")]

use std::path::Path;

use meshc::installation::{Effect, Switch};

/// A switch that is said to be honoured is asked for in the file that is said to honour it.
#[test]
fn the_rule_of_each_honoured_switch_asks_for_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let table = read("installation/features.rs");
    for switch in Switch::all() {
        let Effect::Served { rule, .. } = switch.effect else { continue };
        if rule.is_empty() {
            continue;
        }
        if rule.starts_with("installation/behaviour/") {
            assert!(read(rule).contains(switch.name), "{rule} does not ask for `{}`", switch.name);
            continue;
        }
        let line =
            table.lines().find(|line| line.contains(&format!("= \"{}\"", switch.name))).expect("it is in the table");
        let field = line.trim_start().split(':').next().expect("a line has a field");
        assert!(read(rule).contains(field), "{rule} does not ask for `{field}` ({})", switch.name);
    }
}
