//! Istio's kinds.

use std::sync::Arc;

use super::{dropped, refused, retain};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::Manifests;
use crate::installation::{Behaviour, Installation};
use crate::model::Config;
use crate::model::istio::{
    AuthorizationPolicy, EnvoyFilter, EnvoyFilterPatchContext, ServiceEntry, ServiceEntryLocation,
    ServiceEntryResolution, Source, Telemetry, TracingCustomTagType,
};

/// The attribute of a condition that 1.30.2 brought.
const TRUST_DOMAIN: &str = "source.trustDomain";

pub(super) fn apply(manifests: &mut Manifests, installation: &Installation, said: &mut Diagnostics) {
    let resources = &mut manifests.resources;
    if !installation.does(Behaviour::MatchesTrustDomains) {
        for policy in &mut resources.authorization_policies {
            drop_trust_domains(policy, installation, said);
        }
        retain(&mut resources.authorization_policies, said, |policy| without_trust_domains(policy, installation));
    }
    if !installation.does(Behaviour::TranslatesWasmPlugins) {
        let why = "the kind TrafficExtension is there since 1.30";
        retain(&mut resources.traffic_extensions, said, |one| Some(refused(installation, one.source, "kind", why)));
    }
    retain(&mut resources.service_entries, said, |entry| dynamic_dns(entry, installation));
    if !installation.does(Behaviour::PatchesWaypoints) {
        retain(&mut resources.envoy_filters, said, |filter| patch_of_waypoint(filter, installation));
    }
    for telemetry in &resources.telemetries {
        said.extend(telemetry_fields(telemetry, installation));
    }
}

fn drop_trust_domains(
    policy: &mut Arc<Config<AuthorizationPolicy>>,
    installation: &Installation,
    said: &mut Diagnostics,
) {
    let has_some = |source: &Source| !source.trust_domains.is_empty() || !source.not_trust_domains.is_empty();
    if !policy.spec.rules.iter().flat_map(|rule| &rule.from).filter_map(|from| from.source.as_ref()).any(has_some) {
        return;
    }
    let config = Arc::make_mut(policy);
    for (rule_index, rule) in config.spec.rules.iter_mut().enumerate() {
        for (from_index, from) in rule.from.iter_mut().enumerate() {
            let Some(source) = &mut from.source else { continue };
            let path = format!("spec.rules[{rule_index}].from[{from_index}].source");
            let fields =
                [("trustDomains", &mut source.trust_domains), ("notTrustDomains", &mut source.not_trust_domains)];
            for (name, values) in fields {
                if !values.is_empty() {
                    said.push(dropped(installation, config.source, &format!("{path}.{name}"), "1.30.2"));
                    values.clear();
                }
            }
        }
    }
}

/// Refuses what is left without a condition, and a condition on what is not known.
fn without_trust_domains(policy: &Config<AuthorizationPolicy>, installation: &Installation) -> Option<Diagnostic> {
    for (index, rule) in policy.spec.rules.iter().enumerate() {
        if let Some(at) = rule.from.iter().position(|from| from.source.as_ref() == Some(&Source::default())) {
            let path = format!("spec.rules[{index}].from[{at}].source");
            return Some(refused(installation, policy.source, &path, "nothing that it knows is left of this source"));
        }
        if let Some(at) = rule.when.iter().position(|condition| condition.key == TRUST_DOMAIN) {
            let path = format!("spec.rules[{index}].when[{at}].key");
            return Some(refused(installation, policy.source, &path, "it knows this key since 1.30.2"));
        }
    }
    None
}

/// `ServiceEntry.resolution: DYNAMIC_DNS`. istiod: `validation.go` `ValidateServiceEntry`
fn dynamic_dns(entry: &Config<ServiceEntry>, installation: &Installation) -> Option<Diagnostic> {
    if installation.does(Behaviour::ServesDynamicDnsToSidecars)
        || entry.spec.resolution != ServiceEntryResolution::DynamicDns
    {
        return None;
    }
    let taken: &[&str] =
        if installation.does(Behaviour::TakesTlsPortsOfDynamicDns) { &["HTTP", "TLS"] } else { &["HTTP"] };
    let is_taken = |protocol: &str| taken.iter().any(|one| protocol.eq_ignore_ascii_case(one));
    if let Some(index) = entry.spec.ports.iter().position(|port| !is_taken(&port.protocol)) {
        let why = format!("DYNAMIC_DNS is for {} there", taken.join(" and "));
        return Some(refused(installation, entry.source, &format!("spec.ports[{index}].protocol"), &why));
    }
    (entry.spec.location == ServiceEntryLocation::MeshInternal)
        .then(|| refused(installation, entry.source, "spec.location", "DYNAMIC_DNS is for MESH_EXTERNAL there"))
}

/// The definition of the kind has neither the context nor the match.
fn patch_of_waypoint(filter: &Config<EnvoyFilter>, installation: &Installation) -> Option<Diagnostic> {
    for (index, patch) in filter.spec.config_patches.iter().enumerate() {
        let Some(matched) = &patch.r#match else { continue };
        if matched.context == EnvoyFilterPatchContext::Waypoint {
            let path = format!("spec.configPatches[{index}].match.context");
            return Some(refused(installation, filter.source, &path, "it patches waypoints since 1.29"));
        }
    }
    None
}

/// Fields that the rules of telemetry pass over in older releases.
fn telemetry_fields(telemetry: &Config<Telemetry>, installation: &Installation) -> Diagnostics {
    let mut said = Diagnostics::default();
    for (index, tracing) in telemetry.spec.tracing.iter().enumerate() {
        let path = format!("spec.tracing[{index}]");
        if tracing.disable_context_propagation.is_some() && !installation.does(Behaviour::DisablesContextPropagation) {
            let path = format!("{path}.disableContextPropagation");
            said.push(dropped(installation, telemetry.source, &path, "1.30"));
        }
        let formatted = tracing.custom_tags.iter();
        let mut formatted = formatted.filter(|(_, tag)| matches!(tag.r#type, Some(TracingCustomTagType::Formatter(_))));
        if let Some((name, _)) = formatted.next()
            && !installation.does(Behaviour::FormatsCustomTags)
        {
            let path = format!("{path}.customTags.{name}.formatter");
            said.push(dropped(installation, telemetry.source, &path, "1.29"));
        }
    }
    said
}
