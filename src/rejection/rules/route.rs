//! Routes: `source/common/router/config_impl.cc`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Rule, extension, header, uri_template};
use crate::rejection::finding::{Findings, Step};
use crate::rejection::json::{flag, has, message_name, text};

pub(super) const ROUTE: &[Rule] = &[header::check_removed, uri_template::pair, per_filter];
pub(super) const ACTION: &[Rule] = &[rewrites, mirrors, upgrades];

/// `RouteEntryImplBase`: one way to rewrite the path.
fn rewrites<'a>(action: &'a Value, found: &mut Findings<'a>) {
    let prefix = !text(action, "prefix_rewrite").is_empty();
    let set = [prefix, has(action, "regex_rewrite"), has(action, "path_rewrite_policy")];
    if set.iter().filter(|is| **is).count() > 1 {
        found.reject("Specify only one of prefix_rewrite, regex_rewrite or path_rewrite_policy");
    }
}

/// `ShadowPolicyImpl`.
fn mirrors<'a>(action: &'a Value, found: &mut Findings<'a>) {
    found.each(action, "request_mirror_policies", |mirror, found| {
        let (cluster, header) = (text(mirror, "cluster"), text(mirror, "cluster_header"));
        match (cluster.is_empty(), header.is_empty()) {
            (true, true) => {
                found.reject("Exactly one of cluster or cluster_header in request mirror policy need to be specified");
            }
            (false, false) => found.reject(format!(
                "Only one of cluster '{cluster}' or cluster_header '{header}' in request mirror policy can be specified"
            )),
            _ => {}
        }
    });
}

/// `RouteEntryImplBase`: upgrades, each named once.
fn upgrades<'a>(action: &'a Value, found: &mut Findings<'a>) {
    let mut seen = BTreeSet::new();
    found.each(action, "upgrade_configs", |upgrade, found| {
        let kind = text(upgrade, "upgrade_type");
        if !seen.insert(kind.to_ascii_lowercase()) {
            found.reject(format!("Duplicate upgrade {kind}"));
        }
        if has(upgrade, "connect_config") && !["CONNECT", "CONNECT-UDP"].contains(&kind.to_ascii_uppercase().as_str()) {
            found.reject(format!("Non-CONNECT upgrade type {kind} has ConnectConfig"));
        }
    });
}

/// `PerFilterConfigs`: what a virtual host, a route or a weighted cluster says to filters.
pub(super) fn per_filter<'a>(message: &'a Value, found: &mut Findings<'a>) {
    found.field(message, "typed_per_filter_config", |configs, found| {
        for (name, config) in configs.as_object().into_iter().flatten() {
            found.within(Step::Key(name), |found| match message_name(config) {
                "envoy.config.route.v3.FilterConfig" => {
                    if !has(config, "config") && !flag(config, "disabled") {
                        found.reject(format!("Empty route/virtual host per filter configuration for {name} filter"));
                    }
                }
                "envoy.extensions.filters.http.router.v3.Router" => {
                    found.reject(format!(
                        "The filter {name} doesn't support virtual host or route specific configurations"
                    ));
                }
                "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit" if !has(config, "token_bucket") => {
                    found.reject("local rate limit token bucket must be set for per filter configs");
                }
                _ => extension::per_filter(name, config, found),
            });
        }
    });
}
