//! What there is to say of the variables that are set.

use super::{Origin, Setting};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::installation::{Effect, Release, Switch};

/// How variables of istiod begin, but for those that have no rule.
const PREFIXES: [&str; 9] =
    ["PILOT_", "ISTIO_", "ISTIOD_", "AMBIENT_", "ENABLE_", "CITADEL_", "UNSAFE_", "DISABLE_", "INJECTION_"];

/// Judges the variables of istiod's environment.
pub(super) fn variables(settings: &[Setting], release: Release) -> Diagnostics {
    settings.iter().filter_map(|setting| of_setting(setting, release)).collect()
}

fn of_setting(setting: &Setting, release: Release) -> Option<Diagnostic> {
    let Setting { name, value, origin } = setting;
    let at = |diagnostic: Diagnostic, field: &str| match origin {
        Origin::Input { source, path } => diagnostic.at(*source, &format!("{path}.{field}")),
        Origin::Stated(_) => diagnostic,
    };
    let known = Switch::find(name).filter(|switch| switch.exists_in(release));
    let Some(switch) = known else { return unknown(name, release).map(|diagnostic| at(diagnostic, "name")) };
    if !switch.kind.accepts(value) {
        let message = format!("istiod cannot read `{name}={value}` and takes the default, `{}`", switch.default);
        let help = format!("its value is {}", switch.kind.expects());
        return Some(at(Diagnostic::warning("istiod-variable-value", message).help(help), "value"));
    }
    match switch.effect {
        Effect::Served { changes, .. } if !switch.is_honoured() && value != switch.default => {
            let message = format!("`{name}={value}` is not honoured: the output is that of `{}`", switch.default);
            let help = format!("what the variable does: {}", sentence_part(changes));
            Some(at(Diagnostic::warning("istiod-variable-not-honoured", message).help(help), "value"))
        }
        Effect::Served { .. } | Effect::Unserved { .. } => None,
    }
}

/// A variable that this istiod does not know: one of another release, one that looks like its own, or like one that is misspelt.
/// Others may be anybody's.
fn unknown(name: &str, release: Release) -> Option<Diagnostic> {
    let message = format!("istiod 1.{} has no variable `{name}`: it changes nothing", release.minor);
    let diagnostic = Diagnostic::warning("istiod-variable-unknown", message);
    if let Some(other) = Switch::find(name) {
        let help = match (other.since(), other.removed()) {
            (Some(since), _) if release.minor < since => format!("Istio has it since 1.{since}"),
            (_, Some(removed)) => format!("Istio 1.{removed} removed it; leave it out"),
            _ => "leave it out".to_owned(),
        };
        return Some(diagnostic.help(help));
    }
    let switches = Switch::all().filter(|switch| switch.exists_in(release));
    let near = switches.map(|switch| (distance(name, switch.name), switch.name)).min();
    let near = near.filter(|(distance, known)| *distance <= 2.max(known.len() / 8)).map(|(_, known)| known);
    let looks_like_one = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    if near.is_none() && !looks_like_one {
        return None;
    }
    let help = near.map_or_else(
        || "it belongs to another release, or is misspelt; leave it out".to_owned(),
        |known| format!("there is `{known}`"),
    );
    Some(diagnostic.help(help))
}

/// `Does this.` -> `does this`
fn sentence_part(sentence: &str) -> String {
    let text = sentence.trim().trim_end_matches('.');
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// How many letters must be put in, left out or changed to get one text from the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut before = i;
        let mut next = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or_default();
            let left = next.last().copied().unwrap_or_default();
            next.push((before + usize::from(letter != *other)).min(above + 1).min(left + 1));
            before = above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, value: &str) -> Option<String> {
        said_by("1.30", name, value)
    }

    fn said_by(release: &str, name: &str, value: &str) -> Option<String> {
        let release = Release::parse(release).expect("a version");
        let origin = Origin::Stated("--istiod-env".to_owned());
        let found = of_setting(&Setting { name: name.to_owned(), value: value.to_owned(), origin }, release)?;
        Some(format!("{}: {}", found.code, found.help.unwrap_or_default()))
    }

    #[test]
    fn variables_are_judged_by_name_and_value() {
        assert_eq!(said("PILOT_HTTP10", "true"), None);
        assert_eq!(said("AWS_REGION", "eu"), None);
        assert_eq!(said("PILOT_HTTP10", "yes").as_deref(), Some("istiod-variable-value: its value is true or false"));
        let misspelt = said("PILOT_HTTP_10", "true");
        assert_eq!(misspelt.as_deref(), Some("istiod-variable-unknown: there is `PILOT_HTTP10`"));
        let other = said("PILOT_NO_SUCH_THING_AT_ALL", "true").expect("it is said");
        assert!(other.starts_with("istiod-variable-unknown: it belongs to another release"), "{other}");
    }

    #[test]
    fn each_release_has_its_variables() {
        let said = |release, name| said_by(release, name, "false");
        assert_eq!(said("1.31", "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS"), None);
        assert_eq!(said("1.30", "PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY"), None);
        let newer = said("1.30", "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS");
        assert_eq!(newer.as_deref(), Some("istiod-variable-unknown: Istio has it since 1.31"));
        let removed = said("1.31", "PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY");
        assert_eq!(removed.as_deref(), Some("istiod-variable-unknown: Istio 1.31 removed it; leave it out"));
    }

    #[test]
    fn a_distance_counts_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
