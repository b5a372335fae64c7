//! `EnvoyFilter`. istiod: `ValidateEnvoyFilter`, but for the warning that it has for every EnvoyFilter.

use crate::envoy::dynamic::{PathStep, ReadError, UnknownField};
use crate::envoy::{DynamicMessage, schema};
use crate::model::Config;
use crate::model::istio::{
    EnvoyFilter, EnvoyFilterApplyTo as ApplyTo, EnvoyFilterEnvoyConfigObjectMatch,
    EnvoyFilterEnvoyConfigObjectMatchObjectTypes as ObjectTypes, EnvoyFilterEnvoyConfigObjectPatch,
    EnvoyFilterListenerMatchFilterMatch, EnvoyFilterPatch, EnvoyFilterPatchContext,
    EnvoyFilterPatchOperation as Operation,
};

use crate::source::Step;

use super::finding::{At, Findings};
use super::{regex, selector};

const HTTP_CONNECTION_MANAGER: [&str; 2] =
    ["envoy.filters.network.http_connection_manager", "envoy.http_connection_manager"];

/// Names that filters had once, with those that they have now. istiod: `xds.ReverseDeprecatedFilterNames`
const DEPRECATED_NAMES: &[(&str, &str)] = &[
    ("envoy.buffer", "envoy.filters.http.buffer"),
    ("envoy.cors", "envoy.filters.http.cors"),
    ("envoy.csrf", "envoy.filters.http.csrf"),
    ("envoy.http_dynamo_filter", "envoy.filters.http.dynamo"),
    ("envoy.ext_authz", "envoy.filters.http.ext_authz"),
    ("envoy.fault", "envoy.filters.http.fault"),
    ("envoy.grpc_http1_bridge", "envoy.filters.http.grpc_http1_bridge"),
    ("envoy.grpc_json_transcoder", "envoy.filters.http.grpc_json_transcoder"),
    ("envoy.grpc_web", "envoy.filters.http.grpc_web"),
    ("envoy.gzip", "envoy.filters.http.gzip"),
    ("envoy.health_check", "envoy.filters.http.health_check"),
    ("envoy.ip_tagging", "envoy.filters.http.ip_tagging"),
    ("envoy.lua", "envoy.filters.http.lua"),
    ("envoy.rate_limit", "envoy.filters.http.ratelimit"),
    ("envoy.router", "envoy.filters.http.router"),
    ("envoy.squash", "envoy.filters.http.squash"),
    ("envoy.listener.http_inspector", "envoy.filters.listener.http_inspector"),
    ("envoy.listener.original_dst", "envoy.filters.listener.original_dst"),
    ("envoy.listener.original_src", "envoy.filters.listener.original_src"),
    ("envoy.listener.proxy_protocol", "envoy.filters.listener.proxy_protocol"),
    ("envoy.listener.tls_inspector", "envoy.filters.listener.tls_inspector"),
    ("envoy.client_ssl_auth", "envoy.filters.network.client_ssl_auth"),
    ("envoy.http_connection_manager", "envoy.filters.network.http_connection_manager"),
    ("envoy.mongo_proxy", "envoy.filters.network.mongo_proxy"),
    ("envoy.ratelimit", "envoy.filters.network.ratelimit"),
    ("envoy.redis_proxy", "envoy.filters.network.redis_proxy"),
    ("envoy.tcp_proxy", "envoy.filters.network.tcp_proxy"),
];

pub(super) fn check(config: &Config<EnvoyFilter>, findings: &mut Findings<'_>) {
    let EnvoyFilter { workload_selector, target_refs: _, config_patches, priority: _ } = &config.spec;
    selector::check_networking(workload_selector.as_ref(), &At::SPEC.field("workloadSelector"), findings);
    let list = At::SPEC.field("configPatches");
    for (index, patch) in config_patches.iter().enumerate() {
        check_patch(patch, &list.item(index), findings);
    }
}

fn check_patch(patch: &EnvoyFilterEnvoyConfigObjectPatch, at: &At<'_>, findings: &mut Findings<'_>) {
    let EnvoyFilterEnvoyConfigObjectPatch { apply_to, r#match: condition, patch } = patch;
    if condition.as_ref().is_some_and(|condition| condition.context == EnvoyFilterPatchContext::Waypoint) {
        return;
    }
    if *apply_to == ApplyTo::Invalid {
        findings.error(at, "a patch requires `applyTo`");
        return;
    }
    let at_patch = at.field("patch");
    match patch {
        None => findings.error(at, "a patch has `patch`"),
        Some(patch) if patch.operation == Operation::Invalid => {
            findings.error(&at_patch, "a patch requires an `operation`");
        }
        Some(patch) if patch.operation != Operation::Remove && patch.value.is_none() => {
            findings.error(&at_patch, format!("{} needs a `value`", patch.operation));
        }
        Some(patch) => {
            if check_match(condition.as_ref(), *apply_to, at, findings) {
                check_value(*apply_to, patch, &at_patch, findings);
            }
        }
    }
}

/// Checks what a patch is for; says whether the check goes on.
fn check_match(
    condition: Option<&EnvoyFilterEnvoyConfigObjectMatch>,
    apply_to: ApplyTo,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) -> bool {
    let Some(condition) = condition else { return true };
    let at = at.field("match");
    if let Some(proxy) = &condition.proxy {
        let too_large =
            |_| format!("`{}` cannot be compiled: it takes too much memory; write a shorter one", proxy.proxy_version);
        let checked = regex::compiles(&proxy.proxy_version).and_then(|()| proxy.version().map_err(too_large));
        if let Err(message) = checked {
            let at = at.field("proxy");
            findings.error(&at.field("proxyVersion"), message);
            return false;
        }
    }
    let Some(object) = &condition.object_types else { return true };
    let wanted = match apply_to {
        ApplyTo::Listener | ApplyTo::FilterChain | ApplyTo::NetworkFilter | ApplyTo::HttpFilter => "listener",
        ApplyTo::RouteConfiguration | ApplyTo::VirtualHost | ApplyTo::HttpRoute => "routeConfiguration",
        ApplyTo::Cluster => "cluster",
        ApplyTo::Invalid | ApplyTo::ExtensionConfig | ApplyTo::Bootstrap | ApplyTo::ListenerFilter => return true,
    };
    let found = match object {
        ObjectTypes::Listener(_) => "listener",
        ObjectTypes::RouteConfiguration(_) => "routeConfiguration",
        ObjectTypes::Cluster(_) => "cluster",
        ObjectTypes::Waypoint(_) => "waypoint",
    };
    if found != wanted {
        findings.error(&at.field(found), format!("{apply_to} is matched by `{wanted}`"));
        return wanted != "listener";
    }
    if let ObjectTypes::Listener(listener) = object
        && let Some(filter) = listener.filter_chain.as_ref().and_then(|chain| chain.filter.as_ref())
    {
        let at = at.field("listener");
        let at = at.field("filterChain");
        return check_filter(filter, apply_to, &at.field("filter"), findings);
    }
    true
}

/// Reads a value as Envoy's message: what is not of its type is an error, an unknown field a warning.
///
/// istiod: `pkg/config/xds/xds.go` `BuildXDSObjectFromStruct`
fn check_value(apply_to: ApplyTo, patch: &EnvoyFilterPatch, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(value) = &patch.value else { return };
    let Some(descriptor) = apply_to.message_name().and_then(schema::message) else { return };
    let at = at.field("value");
    match DynamicMessage::read(descriptor, &serde_json::Value::Object(value.clone())) {
        Err(ReadError { path, message }) => findings.error_below(&at, &steps(path), &message),
        Ok((message, unknown)) if unknown.is_empty() => {
            let names = by_name_only(&message);
            if !names.is_empty() {
                let text =
                    format!("without `typed_config`, Envoy would have to know this by its name: {}", names.join(", "));
                findings.warning("missing-typed-config", &at, text);
            }
        }
        Ok((_, unknown)) => {
            for UnknownField { path, message } in unknown {
                let text = format!("{message} has no such field; it is ignored");
                findings.warning_below("unknown-envoy-field", &at, &steps(path), &text);
            }
        }
    }
}

/// Returns the names of what has a `typed_config` and leaves it out, as far as istiod looks: not into lists.
///
/// istiod: `envoyfilter.go` `recurseMissingTypedConfig`
fn by_name_only(message: &DynamicMessage) -> Vec<&str> {
    // What an `Any` holds is bytes there.
    if message.full_name() == "google.protobuf.Any" {
        return Vec::new();
    }
    let mut names: Vec<&str> = message.children().flat_map(by_name_only).collect();
    let is_given = message.get("typed_config").is_some() || message.get("config_discovery").is_some();
    if message.knows("typed_config") && !is_given {
        names.push(message.text("name"));
    }
    names
}

fn steps(path: Vec<PathStep>) -> Vec<Step> {
    let step = |step| match step {
        PathStep::Field(name) => Step::Key(name),
        PathStep::Item(index) => Step::Index(index),
    };
    path.into_iter().map(step).collect()
}

fn check_filter(
    filter: &EnvoyFilterListenerMatchFilterMatch,
    apply_to: ApplyTo,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) -> bool {
    let EnvoyFilterListenerMatchFilterMatch { name, sub_filter } = filter;
    if matches!(apply_to, ApplyTo::Listener | ApplyTo::FilterChain) {
        findings.warning("unused-filter-match", at, format!("the match of a filter has no effect on {apply_to}"));
    }
    if name.is_empty() {
        findings.error(at, "a filter match requires a `name`");
        return false;
    }
    let deprecated = |name: &str, at: &At<'_>, findings: &mut Findings<'_>| {
        if let Some((_, new)) = DEPRECATED_NAMES.iter().find(|(old, _)| *old == name) {
            let message = format!("the name `{name}` is deprecated: the filter is called `{new}`");
            findings.warning("deprecated-filter-name", &at.field("name"), message);
        }
    };
    let Some(sub_filter) = sub_filter else {
        deprecated(name, at, findings);
        return true;
    };
    let parent = at;
    let at = at.field("subFilter");
    if apply_to != ApplyTo::HttpFilter {
        findings.error(&at, "`subFilter` is for HTTP_FILTER only");
    } else if !HTTP_CONNECTION_MANAGER.contains(&name.as_str()) {
        findings.error(&at, format!("`subFilter` is for filters of `{}` only", HTTP_CONNECTION_MANAGER[0]));
    } else if sub_filter.name.is_empty() {
        findings.error(&at, "a filter match requires a `name`");
    } else {
        deprecated(name, parent, findings);
        deprecated(&sub_filter.name, &at, findings);
        return true;
    }
    false
}
