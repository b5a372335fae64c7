//! Retries that the timeout of the whole request does not leave time for.

use super::translated::Translated;
use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::Duration;

pub(super) fn check<'c>(_: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for service in context.virtual_services().filter(|service| context.is_taken(service.item)) {
        for (i, route) in service.spec.http.iter().enumerate() {
            let (Some(timeout), Some(retries)) = (route.timeout, &route.retries) else { continue };
            let Some(per_try) = retries.per_try_timeout else { continue };
            let (all, one) = (timeout.as_nanos(), per_try.as_nanos());
            if all == 0 || one == 0 || retries.attempts <= 0 {
                continue;
            }
            let path = format!("spec.http[{i}].retries.perTryTimeout");
            let attempts = i128::from(retries.attempts);
            if one >= all {
                let message = format!(
                    "`perTryTimeout` ({}) is not less than the `timeout` of the whole request ({}): no try that times out is tried again",
                    shown(per_try),
                    shown(timeout)
                );
                let help = format!("make `perTryTimeout` at most {}", seconds(all / (attempts + 1)));
                out.push(Finding::new(&rules::MESHC0131, service.item, message).point(&path).help(help));
            } else if one * attempts >= all {
                let message = format!(
                    "{} tries of {} do not fit into the `timeout` of {}: the last is never made",
                    attempts + 1,
                    shown(per_try),
                    shown(timeout)
                );
                let help = format!("a `timeout` of at least {}, or fewer `attempts`", seconds(one * (attempts + 1)));
                out.push(Finding::new(&rules::MESHC0132, service.item, message).point(&path).help(help));
            }
        }
    }
}

fn shown(duration: Duration) -> String {
    seconds(duration.as_nanos())
}

fn seconds(nanos: i128) -> String {
    let millis = nanos / 1_000_000;
    if millis % 1000 == 0 { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}
