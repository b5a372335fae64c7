//! Names of credentials: `credentialName` in Istio's rules, and the SDS resource name that Envoy asks for.
//!
//! istiod: `pilot/pkg/model/credentials/resource.go`

/// A Secret in the proxy's namespace, unless the name has another.
pub const KUBERNETES: &str = "kubernetes://";
/// A Secret of a Gateway API gateway; always with its namespace.
pub const KUBERNETES_GATEWAY: &str = "kubernetes-gateway://";
/// A ConfigMap with a CA; always with its namespace.
pub const CONFIG_MAP: &str = "configmap://";
/// The workload's own certificate.
pub const BUILTIN: &str = "builtin://";
/// A certificate that is never there.
pub const INVALID: &str = "invalid://";
/// Ends the name of a CA.
pub const CA_SUFFIX: &str = "-cacert";

/// What kind of resource an SDS name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// [`KUBERNETES`]
    Kubernetes,
    /// [`KUBERNETES_GATEWAY`]
    KubernetesGateway,
    /// [`CONFIG_MAP`]
    ConfigMap,
    /// [`INVALID`]
    Invalid,
}

/// What an SDS name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    /// The kind.
    pub kind: CredentialKind,
    /// The namespace of the Secret or ConfigMap.
    pub namespace: &'a str,
    /// The name of the Secret or ConfigMap.
    pub name: &'a str,
}

impl Credential<'_> {
    /// Whether it is a CA and not a certificate.
    pub fn is_ca(&self) -> bool {
        self.name.ends_with(CA_SUFFIX)
    }
}

/// `credentialName` -> `SdsSecretConfig.name`
///
/// istiod: `resource.go` `ToResourceName`
pub fn resource_name(credential_name: &str) -> String {
    if credential_name.starts_with(BUILTIN) {
        "default".to_owned()
    } else if credential_name.starts_with(INVALID) {
        INVALID.to_owned()
    } else if [CONFIG_MAP, KUBERNETES, KUBERNETES_GATEWAY].iter().any(|p| credential_name.starts_with(p)) {
        credential_name.to_owned()
    } else {
        format!("{KUBERNETES}{credential_name}")
    }
}

/// Reads an SDS name; none if it is not that of a credential.
///
/// istiod: `resource.go` `ParseResourceName`
pub fn parse<'a>(resource_name: &'a str, proxy_namespace: &'a str) -> Option<Credential<'a>> {
    if let Some(rest) = resource_name.strip_prefix(KUBERNETES) {
        let (namespace, name) = namespaced(rest).unwrap_or((proxy_namespace, rest));
        Some(Credential { kind: CredentialKind::Kubernetes, namespace, name })
    } else if let Some(rest) = resource_name.strip_prefix(CONFIG_MAP) {
        required(CredentialKind::ConfigMap, rest)
    } else if let Some(rest) = resource_name.strip_prefix(KUBERNETES_GATEWAY) {
        required(CredentialKind::KubernetesGateway, rest)
    } else if resource_name.starts_with(INVALID) {
        Some(Credential { kind: CredentialKind::Invalid, namespace: "", name: "" })
    } else {
        None
    }
}

/// Of further slashes, nothing is kept.
fn namespaced(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.split('/');
    Some((parts.next()?, parts.next()?))
}

fn required(kind: CredentialKind, text: &str) -> Option<Credential<'_>> {
    let (namespace, name) = namespaced(text)?;
    (!namespace.is_empty() && !name.is_empty()).then_some(Credential { kind, namespace, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_kind_are_secrets() {
        for (credential, name) in [
            ("cert", "kubernetes://cert"),
            ("ns/cert", "kubernetes://ns/cert"),
            ("kubernetes-gateway://ns/cert", "kubernetes-gateway://ns/cert"),
            ("configmap://ns/ca", "configmap://ns/ca"),
            ("builtin://", "default"),
            ("invalid://anything", "invalid://"),
        ] {
            assert_eq!(resource_name(credential), name);
        }
    }

    #[test]
    fn names_are_read() {
        let read = |name| parse(name, "own").map(|c| (c.kind, c.namespace, c.name));
        assert_eq!(read("kubernetes://cert"), Some((CredentialKind::Kubernetes, "own", "cert")));
        assert_eq!(read("kubernetes://ns/cert"), Some((CredentialKind::Kubernetes, "ns", "cert")));
        assert_eq!(read("configmap://ns/ca-cacert"), Some((CredentialKind::ConfigMap, "ns", "ca-cacert")));
        assert_eq!(read("configmap://ca"), None);
        assert_eq!(read("kubernetes-gateway:///cert"), None);
        assert_eq!(read("invalid://"), Some((CredentialKind::Invalid, "", "")));
        assert_eq!(read("default"), None);
    }
}
