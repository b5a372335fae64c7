//! One rule of a policy.

use super::Subject;
use super::condition::{self, Condition, Lenience};
use super::permission::PermissionAttribute;
use super::principal::PrincipalAttribute;
use super::trust_domain::TrustDomains;
use crate::envoy::{RbacAction, RbacPolicy};
use crate::model::istio::{Condition as WhenCondition, Operation, Rule, Source};

/// How many principals one list may grow to: more than any proxy would take.
const MAX_PRINCIPALS: usize = 1 << 16;

type Permissions<'a> = Vec<Condition<'a, PermissionAttribute<'a>>>;
type Principals<'a> = Vec<Condition<'a, PrincipalAttribute<'a>>>;

/// `AuthorizationPolicy.rules[]` -> `RBAC.policies`; none if it cannot be said.
///
/// Each `to` becomes a permission and each `from` a principal, of which one must match; `when` is part of all of them.
/// `namespace` is the policy's, in which service accounts without a namespace are.
///
/// istiod: `security/authz/model/model.go` `New`, `Generate`
pub(super) fn policy(
    rule: &Rule,
    namespace: &str,
    subject: Subject,
    action: RbacAction,
    trust_domains: &TrustDomains,
) -> Option<RbacPolicy> {
    let Rule { from, to, when } = rule;
    let lenience = if action == RbacAction::Allow { Lenience::DropRule } else { Lenience::DropValue };
    let (when_permissions, mut when_principals) = conditions(when, namespace)?;
    // istiod does this anew for each `from`, to the same list: what has aliases is there more than once in the end.
    for _ in 0..from.len().max(1) {
        with_aliases(&mut when_principals, trust_domains);
    }

    let permission = |operation: Option<&Operation>| {
        let own = operation.map(of_operation).unwrap_or_default();
        condition::all(&[own, when_permissions.clone()].concat(), subject, lenience)
    };
    let principal = |source: Option<&Source>| {
        let mut own = source.map(|source| of_source(source, namespace)).unwrap_or_default();
        with_aliases(&mut own, trust_domains);
        condition::all(&[own, when_principals.clone()].concat(), subject, lenience)
    };
    let permissions = to.iter().map(|to| permission(to.operation.as_ref())).collect::<Option<Vec<_>>>()?;
    let principals = from.iter().map(|from| principal(from.source.as_ref())).collect::<Option<Vec<_>>>()?;
    Some(RbacPolicy {
        permissions: if to.is_empty() { vec![permission(None)?] } else { permissions },
        principals: if from.is_empty() { vec![principal(None)?] } else { principals },
    })
}

/// `Rule.when`, parted by what they are about; none if there is an attribute that istiod does not know.
fn conditions<'a>(when: &'a [WhenCondition], namespace: &'a str) -> Option<(Permissions<'a>, Principals<'a>)> {
    let (mut permissions, mut principals) = (Permissions::new(), Principals::new());
    for WhenCondition { key, values, not_values } in when {
        if let Some(attribute) = PermissionAttribute::parse(key) {
            permissions.extend(Condition::new(attribute, values, not_values));
        } else {
            let attribute = PrincipalAttribute::parse(key, namespace)?;
            principals.extend(Condition::new(attribute, values, not_values));
        }
    }
    Some((permissions, principals))
}

fn of_operation(operation: &Operation) -> Permissions<'_> {
    let Operation { hosts, not_hosts, ports, not_ports, methods, not_methods, paths, not_paths } = operation;
    let conditions = [
        Condition::new(PermissionAttribute::Host, hosts, not_hosts),
        Condition::new(PermissionAttribute::Method, methods, not_methods),
        Condition::new(PermissionAttribute::Path, paths, not_paths),
        Condition::new(PermissionAttribute::DestinationPort, ports, not_ports),
    ];
    conditions.into_iter().flatten().collect()
}

fn of_source<'a>(source: &'a Source, namespace: &'a str) -> Principals<'a> {
    let Source {
        principals,
        not_principals,
        request_principals,
        not_request_principals,
        namespaces,
        not_namespaces,
        service_accounts,
        not_service_accounts,
        ip_blocks,
        not_ip_blocks,
        remote_ip_blocks,
        not_remote_ip_blocks,
        trust_domains,
        not_trust_domains,
    } = source;
    let conditions = [
        Condition::new(PrincipalAttribute::Principal, principals, not_principals),
        Condition::new(PrincipalAttribute::RequestPrincipal, request_principals, not_request_principals),
        Condition::new(PrincipalAttribute::ServiceAccount(namespace), service_accounts, not_service_accounts),
        Condition::new(PrincipalAttribute::TrustDomain, trust_domains, not_trust_domains),
        Condition::new(PrincipalAttribute::Namespace, namespaces, not_namespaces),
        Condition::new(PrincipalAttribute::RemoteIp, remote_ip_blocks, not_remote_ip_blocks),
        Condition::new(PrincipalAttribute::SourceIp, ip_blocks, not_ip_blocks),
    ];
    conditions.into_iter().flatten().collect()
}

/// Writes identities of the mesh under each of its trust domains.
///
/// istiod: `security/authz/model/model.go` `MigrateTrustDomain`
fn with_aliases(principals: &mut Principals<'_>, trust_domains: &TrustDomains) {
    for Condition { attribute, values, not_values } in principals {
        for list in [values, not_values] {
            let written = match attribute {
                PrincipalAttribute::Principal if list.len() <= MAX_PRINCIPALS => trust_domains.principals(list),
                PrincipalAttribute::TrustDomain => trust_domains.trust_domains(list),
                _ => continue,
            };
            *list = written.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Layer, Peer};
    use super::*;
    use crate::model::istio::MeshConfig;

    fn translated(rule: Value, layer: Layer, action: RbacAction) -> Option<Value> {
        let rule: Rule = serde_json::from_value(rule).expect("a rule");
        let config = MeshConfig {
            trust_domain: "new".to_owned(),
            trust_domain_aliases: vec!["old".to_owned()],
            ..MeshConfig::built_in()
        };
        let subject = Subject { layer, peer: Peer::Connection };
        let policy = policy(&rule, "ns", subject, action, &TrustDomains::new(&config))?;
        Some(serde_json::to_value(&policy).expect("messages are JSON"))
    }

    #[test]
    fn an_empty_rule_matches_everything() {
        let any = |set: &str, item: &str| json!([{set: {item: [{"any": true}]}}]);
        let expected = json!({"permissions": any("and_rules", "rules"), "principals": any("and_ids", "ids")});
        for layer in [Layer::Http, Layer::Tcp] {
            assert_eq!(translated(json!({}), layer, RbacAction::Allow), Some(expected.clone()));
        }
    }

    #[test]
    fn what_connections_have_not_narrows_allow_and_widens_the_rest() {
        let rule = json!({
            "from": [{"source": {"namespaces": ["a"], "requestPrincipals": ["*"]}}],
            "to": [{"operation": {"paths": ["/x"], "notMethods": ["GET"], "ports": ["80"]}}],
        });
        assert_eq!(translated(rule.clone(), Layer::Tcp, RbacAction::Allow), None);
        for action in [RbacAction::Deny, RbacAction::Log] {
            let widened = translated(rule.clone(), Layer::Tcp, action).expect("the rest of it");
            let expected = json!([{"and_rules": {"rules": [{"or_rules": {"rules": [{"destination_port": 80}]}}]}}]);
            assert_eq!(widened["permissions"], expected);
            assert_eq!(widened["principals"][0]["and_ids"]["ids"].as_array().map(Vec::len), Some(1));
        }
        let whole = translated(rule, Layer::Http, RbacAction::Allow).expect("all of it");
        assert_eq!(whole["permissions"][0]["and_rules"]["rules"].as_array().map(Vec::len), Some(3));
    }

    #[test]
    fn principals_in_when_are_repeated_for_each_source() {
        let rule = |sources: usize| {
            let from = vec![json!({"source": {"namespaces": ["a"]}}); sources];
            json!({"from": from, "when": [{"key": "source.principal", "values": ["old/ns/a/sa/b"]}]})
        };
        for (sources, repetitions) in [(0, 2), (1, 2), (2, 4), (3, 8)] {
            let policy = translated(rule(sources), Layer::Http, RbacAction::Allow).expect("all of it");
            let ids = policy["principals"][0]["and_ids"]["ids"].as_array().expect("a list").clone();
            let last = ids.last().expect("not empty");
            assert_eq!(last["or_ids"]["ids"].as_array().map(Vec::len), Some(repetitions), "{sources} sources");
        }
    }

    #[test]
    fn unknown_attributes_drop_the_rule() {
        let rule = json!({"when": [{"key": "request.size", "values": ["1"]}]});
        assert_eq!(translated(rule, Layer::Http, RbacAction::Deny), None);
    }
}
