//! `AuthorizationPolicy` (`security.istio.io`): who may do what.

use serde::Deserialize;

use super::selector::{PolicyTargetReference, TypeWorkloadSelector};
use crate::model::proto::{proto_enum, proto_message};

proto_message! {
    /// Who may do what. Denials come first; where there are allowances, one must hold.
    pub struct AuthorizationPolicy {
        /// Workloads that it is for; left out means all of its namespace, or all of the mesh in the root
        /// namespace.
        pub selector: Option<TypeWorkloadSelector>,
        /// Resource that it is for. Deprecated: `targetRefs`.
        pub target_ref: Option<PolicyTargetReference>,
        /// Gateways or services that it is for; excludes `selector`.
        pub target_refs: Vec<PolicyTargetReference>,
        /// Requests that it is about: one rule must match. None matches nothing; an empty rule everything.
        pub rules: Vec<Rule>,
        /// What happens to those requests.
        pub action: AuthorizationPolicyAction,
        oneof {
            /// More on the action.
            action_detail: AuthorizationPolicyActionDetail {
                /// Who decides, for `Custom`.
                provider => Provider(AuthorizationPolicyExtensionProvider),
            }
        }
    }
}

/// A provider of the mesh config.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AuthorizationPolicyExtensionProvider {
    /// Its name.
    pub name: String,
}

proto_enum! {
    /// What happens to requests that a policy is about.
    pub enum AuthorizationPolicyAction {
        /// They may pass.
        Allow = 0 => "ALLOW",
        /// They may not.
        Deny = 1 => "DENY",
        /// They are noted.
        Audit = 2 => "AUDIT",
        /// Somebody else decides.
        Custom = 3 => "CUSTOM",
    }
}

/// A condition on requests: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Rule {
    /// Where they come from: one must hold.
    pub from: Vec<RuleFrom>,
    /// What they want: one must hold.
    pub to: Vec<RuleTo>,
    /// Anything else: all must hold.
    pub when: Vec<Condition>,
}

/// Where a request comes from.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RuleFrom {
    /// The source.
    pub source: Option<Source>,
}

/// What a request wants.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RuleTo {
    /// The operation.
    pub operation: Option<Operation>,
}

/// A condition on where a request comes from: all that is given must hold. Strings may have `*` in front or
/// at the end.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Source {
    /// Peers of which it must be one: `trust domain/ns/namespace/sa/service account`.
    pub principals: Vec<String>,
    /// Peers of which it must be none.
    pub not_principals: Vec<String>,
    /// Holders of the token of which it must be one: `issuer/subject`.
    pub request_principals: Vec<String>,
    /// Holders of the token of which it must be none.
    pub not_request_principals: Vec<String>,
    /// Namespaces of the peer of which it must be one.
    pub namespaces: Vec<String>,
    /// Namespaces of the peer of which it must be none.
    pub not_namespaces: Vec<String>,
    /// Service accounts of the peer of which it must be one: `namespace/name`, or `name` in the policy's own.
    pub service_accounts: Vec<String>,
    /// Service accounts of the peer of which it must be none.
    pub not_service_accounts: Vec<String>,
    /// Addresses of the peer of which it must be one, as CIDR.
    pub ip_blocks: Vec<String>,
    /// Addresses of the peer of which it must be none.
    pub not_ip_blocks: Vec<String>,
    /// Addresses of the client, by `X-Forwarded-For` or the PROXY protocol, of which it must be one.
    pub remote_ip_blocks: Vec<String>,
    /// Addresses of the client of which it must be none.
    pub not_remote_ip_blocks: Vec<String>,
    /// Trust domains of the peer of which it must be one.
    pub trust_domains: Vec<String>,
    /// Trust domains of the peer of which it must be none.
    pub not_trust_domains: Vec<String>,
}

/// A condition on what a request wants: all that is given must hold. Strings may have `*` in front or at the
/// end.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Operation {
    /// Hosts of which it must be one, whatever the case.
    pub hosts: Vec<String>,
    /// Hosts of which it must be none.
    pub not_hosts: Vec<String>,
    /// Ports of which it must be one.
    pub ports: Vec<String>,
    /// Ports of which it must be none.
    pub not_ports: Vec<String>,
    /// Methods of which it must be one.
    pub methods: Vec<String>,
    /// Methods of which it must be none.
    pub not_methods: Vec<String>,
    /// Paths of which it must be one; `{*}` and `{**}` are templates.
    pub paths: Vec<String>,
    /// Paths of which it must be none.
    pub not_paths: Vec<String>,
}

/// A condition on an attribute of a request.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Condition {
    /// The attribute: `request.headers[name]`, `source.ip`, `destination.port` and so on.
    pub key: String,
    /// Values of which it must be one.
    pub values: Vec<String>,
    /// Values of which it must be none.
    pub not_values: Vec<String>,
}
