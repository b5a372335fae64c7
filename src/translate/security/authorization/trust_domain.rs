//! The mesh's trust domain and its aliases, where policies name identities.

use crate::model::istio::MeshConfig;

/// What a policy may call the mesh's trust domain, whatever its name.
const LOCAL: &str = "cluster.local";

/// The trust domain of the mesh, then its aliases. istiod: `security/trustdomain/bundle.go` `Bundle`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TrustDomains(Vec<String>);

impl TrustDomains {
    pub(super) fn new(config: &MeshConfig) -> Self {
        Self(std::iter::once(&config.trust_domain).chain(&config.trust_domain_aliases).cloned().collect())
    }

    /// Writes a principal of the mesh under each of its trust domains; any other stays as it is.
    ///
    /// A principal without a trust domain (not in the form `<trust domain>/ns/<namespace>/sa/<account>`), or with any (`*`), stays too.
    ///
    /// istiod: `bundle.go` `ReplaceTrustDomainAliases`
    pub(super) fn principals(&self, principals: &[String]) -> Vec<String> {
        principals.iter().flat_map(|principal| self.principal(principal)).collect()
    }

    fn principal(&self, principal: &str) -> Vec<String> {
        let unchanged = || vec![principal.to_owned()];
        let Some((trust_domain, rest)) = principal.split_once('/') else { return unchanged() };
        let is_whole = rest.matches('/').count() == 3;
        if !is_whole || trust_domain == "*" || !(trust_domain == LOCAL || self.matches(trust_domain)) {
            return unchanged();
        }
        let mut out: Vec<String> = Vec::new();
        for own in &self.0 {
            let written =
                if suffix_matches(own, trust_domain) { principal.to_owned() } else { format!("{own}/{rest}") };
            if !out.contains(&written) {
                out.push(written);
            }
        }
        out
    }

    /// Replaces each trust domain of the mesh by all of them.
    ///
    /// istiod: `bundle.go` `ExpandTrustDomainAliases`
    pub(super) fn trust_domains(&self, values: &[String]) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for value in values {
            let all = if self.0.contains(value) { self.0.as_slice() } else { std::slice::from_ref(value) };
            for trust_domain in all {
                if !out.contains(trust_domain) {
                    out.push(trust_domain.clone());
                }
            }
        }
        out
    }

    /// Says whether a pattern covers a trust domain of the mesh, or the other way round.
    ///
    /// istiod: `security/trustdomain/util.go` `stringMatch`
    fn matches(&self, pattern: &str) -> bool {
        let either = |a: &str, b: &str| prefix_matches(a, b) || suffix_matches(a, b);
        self.0.iter().any(|own| pattern == own || own == "*" || either(pattern, own) || either(own, pattern))
    }
}

fn prefix_matches(text: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').is_some_and(|prefix| text.starts_with(prefix))
}

fn suffix_matches(text: &str, pattern: &str) -> bool {
    pattern.strip_prefix('*').is_some_and(|suffix| text.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(names: &[&str]) -> TrustDomains {
        TrustDomains(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn principals_of_the_mesh_are_written_under_each_trust_domain() {
        for (names, principal, expected) in [
            (&["cluster.local"][..], "cluster.local/ns/a/sa/b", &["cluster.local/ns/a/sa/b"][..]),
            (&["new", "old"], "old/ns/a/sa/b", &["new/ns/a/sa/b", "old/ns/a/sa/b"]),
            (&["new", "old"], "cluster.local/ns/a/sa/b", &["new/ns/a/sa/b", "old/ns/a/sa/b"]),
            (&["new", "old"], "other/ns/a/sa/b", &["other/ns/a/sa/b"]),
            (&["new", "old"], "*/ns/a/sa/b", &["*/ns/a/sa/b"]),
            (&["new", "old"], "*", &["*"]),
            (&["new", "old"], "*/sa/b", &["*/sa/b"]),
            (&["new", "old"], "new/ns/a/sa/b/c", &["new/ns/a/sa/b/c"]),
            (&["new", "old"], "/ns/a/sa/b", &["/ns/a/sa/b"]),
            // A pattern stands for the trust domains that it ends.
            (&["new", "an-old", "x"], "*-old/ns/a/sa/b", &["new/ns/a/sa/b", "*-old/ns/a/sa/b", "x/ns/a/sa/b"]),
            (&["new-td", "old-td"], "*-td/ns/a/sa/b", &["*-td/ns/a/sa/b"]),
            (&["new", "old"], "ne*/ns/a/sa/b", &["new/ns/a/sa/b", "old/ns/a/sa/b"]),
        ] {
            assert_eq!(domains(names).principals(&[principal.to_owned()]), expected, "{names:?} {principal}");
        }
    }

    #[test]
    fn trust_domains_of_the_mesh_stand_for_all_of_it() {
        let values = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>();
        let mesh = domains(&["new", "old"]);
        assert_eq!(mesh.trust_domains(&values(&["other", "old", "new"])), ["other", "new", "old"]);
        assert_eq!(mesh.trust_domains(&values(&["ol*"])), ["ol*"]);
    }
}
