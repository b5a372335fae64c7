//! What there is to say of the switches that are set.

use super::Setting;
use super::istiod::Istiod;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::installation::{Effect, Switch};

/// Judges the variables of istiod's environment.
pub(super) fn switches(istiod: &Istiod<'_>, settings: &[Setting]) -> Diagnostics {
    settings.iter().filter_map(|setting| of_setting(istiod, setting)).collect()
}

fn of_setting(_istiod: &Istiod<'_>, setting: &Setting) -> Option<Diagnostic> {
    let Setting { name, value, source, path } = setting;
    let switch = Switch::find(name)?;
    let path = format!("{path}.value");
    if !switch.kind.accepts(value) {
        let message = format!("istiod cannot read `{name}={value}` and takes the default, `{}`", switch.default);
        let help = format!("its value is {}", switch.kind.expects());
        return Some(Diagnostic::warning("istiod-switch-value", message).at(*source, &path).help(help));
    }
    match switch.effect {
        Effect::Served { changes, .. } if !switch.is_honoured() && value != switch.default => {
            let message = format!("`{name}={value}` is not honoured: the output is that of `{}`", switch.default);
            let changes = changes.trim();
            let help = format!("what it does: {}{}", changes[..1].to_lowercase(), changes[1..].trim_end_matches('.'));
            Some(Diagnostic::warning("istiod-switch-not-honoured", message).at(*source, &path).help(help))
        }
        _ => None,
    }
}
