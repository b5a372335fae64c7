//! BackendTLSPolicy -> DestinationRules, one for each host.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::installation::Behaviour;
use crate::mesh::certificate;
use crate::mesh::credential;
use crate::mesh::gateway_api::finding::{Problem, Reason, ignored};
use crate::mesh::gateway_api::{Context, GENERATED, PARENT_NAMES_ANNOTATION};
use crate::model::gateway_api::{BackendTlsPolicy, BackendTlsPolicyValidation, LocalPolicyTargetReference};
use crate::model::istio::{
    ClientTlsSettings, ClientTlsSettingsTlsMode, DestinationRule, PortSelector, TrafficPolicy,
    TrafficPolicyPortTrafficPolicy,
};
use crate::model::{Config, ObjectMeta};

/// Leaves a policy to others. istiod: `IgnorePolicyAttachment`.
const IGNORE_ANNOTATION: &str = "istio.io/ignore-policy-attachment";

/// Converts the policies; of several for one backend, or one port of it, the oldest counts.
///
/// The DestinationRules have no creation time, so they come before all others.
///
/// istiod: `backend_policies.go` `DestinationRuleCollection`, `BackendTLSPolicyCollection`
pub(super) fn destination_rules(context: &Context<'_>, findings: &mut Diagnostics) -> Vec<Config<DestinationRule>> {
    let policies = context.manifests.backend_tls_policies.iter().filter(|policy| context.reads(&policy.meta));
    let honours = context.does(Behaviour::IgnoresPolicyAttachmentOnDemand);
    let mut policies: Vec<&Config<BackendTlsPolicy>> =
        policies.map(Arc::as_ref).filter(|policy| !honours || !is_ignored(&policy.meta)).collect();
    let age = |policy: &Config<BackendTlsPolicy>| {
        let meta = &policy.meta;
        (meta.creation_timestamp, meta.namespace.clone(), meta.name.clone())
    };
    policies.sort_by_cached_key(|policy| age(policy));
    let mut rules: BTreeMap<(String, String), Rule> = BTreeMap::new();
    for policy in policies {
        let Config { meta, spec, source } = policy;
        if !spec.options.is_empty() {
            findings.push(ignored(*source, "spec.options"));
        }
        let mut problems = Vec::new();
        let tls = client_tls(context, &meta.namespace, &spec.validation, &mut problems);
        for (index, reference) in spec.target_refs.iter().enumerate() {
            let path = format!("spec.targetRefs[{index}]");
            match target(context, &meta.namespace, reference, &path) {
                Ok(target) => {
                    let mut taken = false;
                    for (host, name) in &target.rules {
                        let rule = rules.entry((host.clone(), name.clone())).or_insert_with(|| Rule {
                            namespace: meta.namespace.clone(),
                            tls: None,
                            ports: BTreeMap::new(),
                        });
                        taken |= !rule.set(target.port, &tls);
                    }
                    if taken {
                        let message = "an older BackendTLSPolicy has the same target";
                        problems.push(Problem::new(Reason::Conflicted, path, message));
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
        findings.extend(problems.iter().map(|problem| problem.diagnostic(*source)).collect());
    }
    rules.into_iter().map(|((host, name), rule)| rule.config(host, name)).collect()
}

fn is_ignored(meta: &ObjectMeta) -> bool {
    meta.annotations.get(IGNORE_ANNOTATION).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// What is known of one host's DestinationRule.
struct Rule {
    namespace: String,
    /// For all ports that `ports` does not have.
    tls: Option<ClientTlsSettings>,
    ports: BTreeMap<u32, ClientTlsSettings>,
}

impl Rule {
    /// Sets TLS of a port, or of all; false if an older policy has.
    fn set(&mut self, port: Option<u32>, tls: &ClientTlsSettings) -> bool {
        match port {
            Some(port) if self.ports.contains_key(&port) => return false,
            Some(port) => {
                self.ports.insert(port, tls.clone());
            }
            None if self.tls.is_some() => return false,
            None => self.tls = Some(tls.clone()),
        }
        true
    }

    fn config(self, host: String, name: String) -> Config<DestinationRule> {
        let on_port = |(number, tls)| TrafficPolicyPortTrafficPolicy {
            port: Some(PortSelector { number }),
            tls: Some(tls),
            ..TrafficPolicyPortTrafficPolicy::default()
        };
        let traffic_policy = TrafficPolicy {
            tls: self.tls,
            port_level_settings: self.ports.into_iter().map(on_port).collect(),
            ..TrafficPolicy::default()
        };
        Config {
            meta: ObjectMeta {
                name,
                namespace: self.namespace,
                annotations: BTreeMap::from([(PARENT_NAMES_ANNOTATION.to_owned(), String::new())]),
                ..ObjectMeta::default()
            },
            spec: DestinationRule { host, traffic_policy: Some(traffic_policy), ..DestinationRule::default() },
            ..Config::default()
        }
    }
}

/// What a policy is for.
struct Target {
    /// Host and name of the DestinationRules.
    rules: Vec<(String, String)>,
    /// One port; none means all.
    port: Option<u32>,
}

fn target(
    context: &Context<'_>,
    namespace: &str,
    reference: &LocalPolicyTargetReference,
    path: &str,
) -> Result<Target, Problem> {
    let LocalPolicyTargetReference { group, kind, name, section_name } = reference;
    let not_found =
        |field: &str, message: String| Problem::new(Reason::TargetNotFound, format!("{path}{field}"), message);
    let missing = || not_found(".name", format!("{kind} `{namespace}/{name}` not found"));
    let (rules, ports): (Vec<_>, Vec<(String, u32)>) = match (group.as_str(), kind.as_str()) {
        ("", "Service") => {
            let service = context.service(namespace, name).ok_or_else(missing)?;
            let ports = service.spec.spec.ports.iter().map(|port| (port.name.clone(), port.port));
            (vec![(context.hostname(name, namespace), format!("{name}~{GENERATED}"))], ports.collect())
        }
        ("networking.istio.io", "ServiceEntry") => {
            let entry = context.service_entry(namespace, name).ok_or_else(missing)?;
            let rule = |host: &String| (host.clone(), format!("{name}~{}~{GENERATED}", host.replace('.', "-")));
            let ports = entry.spec.ports.iter().map(|port| (port.name.clone(), port.number));
            (entry.spec.hosts.iter().map(rule).collect(), ports.collect())
        }
        _ => return Err(not_found(".kind", format!("istiod has no TLS policy for a {kind}"))),
    };
    let port = match section_name.as_deref().filter(|section| !section.is_empty()) {
        None => None,
        Some(section) => {
            let port = ports.iter().find(|(name, _)| name == section).map(|(_, number)| *number);
            Some(port.ok_or_else(|| not_found(".sectionName", format!("the {kind} has no port `{section}`")))?)
        }
    };
    Ok(Target { rules, port })
}

/// `validation` -> `TrafficPolicy.tls`
fn client_tls(
    context: &Context<'_>,
    namespace: &str,
    validation: &BackendTlsPolicyValidation,
    problems: &mut Vec<Problem>,
) -> ClientTlsSettings {
    let names = validation.subject_alt_names.iter().filter_map(|name| match name.r#type.as_str() {
        "Hostname" => Some(name.hostname.clone()),
        "URI" => Some(name.uri.clone()),
        _ => None,
    });
    ClientTlsSettings {
        mode: ClientTlsSettingsTlsMode::Simple,
        credential_name: credential_name(context, namespace, validation, problems),
        subject_alt_names: names.collect(),
        sni: validation.hostname.clone(),
        ..ClientTlsSettings::default()
    }
}

/// Returns the SDS name of the authority: none for those of the system, one that is never there if it cannot be had.
///
/// istiod: `backend_policies.go` `getBackendTLSCredentialName`
fn credential_name(
    context: &Context<'_>,
    namespace: &str,
    validation: &BackendTlsPolicyValidation,
    problems: &mut Vec<Problem>,
) -> String {
    let references = &validation.ca_certificate_refs;
    let Some(reference) = references.first().filter(|_| validation.well_known_ca_certificates.is_none()) else {
        return String::new();
    };
    let path = "spec.validation.caCertificateRefs";
    if references.len() > 1 {
        let message = "istiod takes the first authority only";
        problems.push(Problem::new(Reason::InvalidCaCertificateRef, format!("{path}[1]"), message));
    }
    let name = &reference.name;
    let path = format!("{path}[0]");
    if !reference.group.is_empty() || reference.kind != "ConfigMap" {
        let message =
            format!("istiod takes authorities from ConfigMaps only: nothing of a {} is trusted", reference.kind);
        problems.push(Problem::new(Reason::InvalidKind, format!("{path}.kind"), message));
        return credential::INVALID.to_owned();
    }
    let message = match context.config_map(namespace, name) {
        None => format!("ConfigMap `{namespace}/{name}` not found: no backend is trusted"),
        Some(config_map) if certificate::ca_of_config_map(&config_map.spec).is_none() => {
            format!("the ConfigMap `{namespace}/{name}` has no certificate of an authority: no backend is trusted")
        }
        Some(_) => return format!("{}{namespace}/{name}", credential::CONFIG_MAP),
    };
    problems.push(Problem::new(Reason::NoValidCaCertificate, path, message));
    credential::INVALID.to_owned()
}
