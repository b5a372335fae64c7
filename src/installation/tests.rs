//! The table of switches, compared with what istiod knows and with what the rules ask for.

use std::collections::BTreeSet;

use super::{Environment, Features, Release, Switch};

/// The variables that `pilot/pkg/features` and `pkg/features` of 1.30.3 register.
const REGISTERED: &str = include_str!("switches-1.30.txt");

#[test]
fn the_table_has_every_switch_of_istiod_once() {
    let mut names = BTreeSet::new();
    for switch in Switch::all() {
        assert!(names.insert(switch.name), "{} is there twice", switch.name);
    }
    let missing: Vec<&str> = REGISTERED.lines().filter(|name| !names.contains(name)).collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
}

#[test]
fn releases_know_switches_of_the_table() {
    let release = |minor| Release { minor, patch: 0, candidate: None };
    let of = |minor| Switch::all().filter(|switch| switch.exists_in(release(minor))).count();
    let listed =
        REGISTERED.lines().filter(|name| Switch::find(name).is_some_and(|s| !s.exists_in(release(30)))).count();
    assert_eq!(listed, 0, "1.30 has all that it registers");
    assert_eq!([of(29) - of(28), of(30) - of(29), of(30) + 5 - of(31)], [9, 7, 2]);
}

#[test]
fn defaults_are_of_their_type() {
    // Makes a value of each default of those that change what is served.
    let _ = Features::default();
    let ambient = Environment::from([("PILOT_ENABLE_AMBIENT".to_owned(), "true".to_owned())]);
    let _ = Features::new(&ambient);
    for switch in Switch::all() {
        assert!(switch.kind.accepts(switch.default), "{}", switch.name);
    }
}

#[test]
fn switches_of_ambient_mode_count_in_ambient_mode_only() {
    let environment = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Environment>()
    };
    let off = Features::new(&environment(&[("PILOT_ENABLE_SENDING_HBONE", "true")]));
    assert!(!off.hbone_send);
    let on = Features::new(&environment(&[("PILOT_ENABLE_AMBIENT", "true")]));
    assert!(on.hbone_send);
    let without = Features::new(&environment(&[("PILOT_ENABLE_AMBIENT", "true"), ("PILOT_ENABLE_SENDING_HBONE", "0")]));
    assert!(!without.hbone_send);
}
