//! istioctl: `configdump/route.go`

use serde_json::Value;

use super::place::Places;
use super::resources::{config, items, management, of_section, text};
use super::table::{self, row};
use crate::cli::args::ShowFilters;

/// The route configurations that the filters want, in istioctl's order: by number, where the names are numbers.
pub(super) fn list<'d>(dump: &'d Value, filters: &ShowFilters) -> Vec<&'d Value> {
    let lists: [(&str, &[&str]); 2] =
        [("dynamic_route_configs", &["route_config"]), ("static_route_configs", &["route_config"])];
    let mut all = of_section(dump, "RoutesConfigDump", &lists);
    // Names that are no numbers keep their places, and numbers do not pass them: that is no order, so no sort of the library takes it.
    let number = |route: &Value| text(route, &["name"]).parse::<i64>().ok();
    for end in 1..all.len() {
        let mut at = end;
        while at > 0
            && let (Some(this), Some(before)) = (number(all[at]), number(all[at - 1]))
            && this < before
        {
            all.swap(at, at - 1);
            at -= 1;
        }
    }
    all.retain(|route| filters.name.as_ref().is_none_or(|name| name == text(route, &["name"])));
    all
}

pub(super) fn table(dump: &Value, filters: &ShowFilters, places: Option<&Places<'_>>) -> String {
    let title = |places: Option<&Places<'_>>| places.map(|_| Places::TITLE.to_owned());
    if !filters.verbose {
        let mut rows = vec![row(["NAME", "VIRTUAL HOSTS"], None)];
        for route in list(dump, filters) {
            let count = items(route, &["virtual_hosts"]).len().to_string();
            rows.push(row([text(route, &["name"]), &count], None));
        }
        return table::render(&rows, 5);
    }
    let mut rows = vec![row(["NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE"], title(places))];
    for configuration in list(dump, filters) {
        let name = text(configuration, &["name"]);
        for host in items(configuration, &["virtual_hosts"]) {
            let domains: Vec<&str> = items(host, &["domains"]).iter().filter_map(Value::as_str).collect();
            let (host_name, domains) = (text(host, &["name"]), describe_domains(&domains));
            let routes = items(host, &["routes"]);
            for route in routes.iter().filter(|route| text(route, &["route", "cluster"]) != "PassthroughCluster") {
                let place = places.map(|places| {
                    let rule = places.of_config(config(route));
                    let cluster = || places.of_cluster(text(route, &["route", "cluster"]));
                    rule.or_else(cluster).or_else(|| places.of_route(name)).unwrap_or_else(Places::none)
                });
                rows.push(row([name, host_name, &domains, &describe_match(route), &management(route)], place));
            }
            if routes.is_empty() {
                let place = places.map(|places| places.of_route(name).unwrap_or_else(Places::none));
                rows.push(row([name, host_name, &domains, "/*", "404"], place));
            }
        }
    }
    table::render(&rows, 5)
}

/// istioctl: `describeMatch`
pub(super) fn describe_match(route: &Value) -> String {
    let part = |path: &[&str]| Some(text(route, path)).filter(|text| !text.is_empty());
    let parts = [
        part(&["match", "prefix"]).map(|prefix| format!("{prefix}*")),
        part(&["match", "path_separated_prefix"]).map(|prefix| format!("PathPrefix:{prefix}")),
        part(&["match", "path"]).map(str::to_owned),
        part(&["match", "safe_regex", "regex"]).map(|regex| format!("regex {regex}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The shortest of the domains without a port. istioctl: `describeRouteDomains`
fn describe_domains(domains: &[&str]) -> String {
    if let [domain] = domains {
        return (*domain).to_owned();
    }
    let is_shown = |domain: &&str| match domain.matches(':').count() {
        0 => true,
        colons => colons > 2 && domain.ends_with(']'),
    };
    let shown: Vec<&str> = domains.iter().copied().filter(is_shown).collect();
    let is_longer_form = |domain: &str| {
        let shorter = |suffix: &str| domain.strip_suffix(suffix).is_some_and(|short| shown.contains(&short));
        shorter(".svc.cluster.local") || shorter(".svc")
    };
    let shortest: Vec<&str> = shown.iter().copied().filter(|domain| !is_longer_form(domain)).collect();
    match shortest.as_slice() {
        [first, second, rest @ ..] if !rest.is_empty() => format!("{first}, {second} + {} more...", rest.len()),
        all => all.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_told_by_the_shortest() {
        let all =
            ["details.default.svc.cluster.local", "details", "details.default.svc", "details.default", "10.0.0.1"];
        assert_eq!(describe_domains(&all), "details, details.default + 1 more...");
        assert_eq!(describe_domains(&["*"]), "*");
        assert_eq!(describe_domains(&["a.b", "a.b:80"]), "a.b");
        assert_eq!(describe_domains(&["[fd00:10:96::7fc7]", "[fd00:10:96::7fc7]:80"]), "[fd00:10:96::7fc7]");
    }
}
