//! Webhooks of a control plane outside of the cluster. istiod: `analyzers/externalcontrolplane/externalcontrolplane.go`

use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::source::Node;

const GROUP: &str = "admissionregistration.k8s.io";

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let validating = context
        .of(GROUP, "ValidatingWebhookConfiguration")
        .filter(|item| item.name() == "istiod-default-validator" || item.name().starts_with("istio-validator"));
    let mutating = context
        .of(GROUP, "MutatingWebhookConfiguration")
        .filter(|item| item.name().starts_with("istio-sidecar-injector"));
    for item in validating.chain(mutating) {
        let hooks = item.node().get("webhooks").into_iter().flat_map(Node::items).enumerate();
        for (index, hook) in hooks {
            let name = hook.get("name").and_then(Node::as_str).unwrap_or_default();
            let config = hook.get("clientConfig");
            let field = |field: &str| config.and_then(|config| config.get(field)).filter(|node| !node.is_null());
            let path = format!("webhooks[{index}].clientConfig");
            match (field("url"), field("service")) {
                (Some(url), _) => {
                    let url = url.as_str().unwrap_or_default();
                    let (rule, what) = match host(url) {
                        None => (&rules::IST0163, "is not a URL"),
                        Some(host) if host.parse::<std::net::IpAddr>().is_ok() => {
                            (&rules::IST0164, "has an IP address where production should have a name")
                        }
                        Some(_) => continue,
                    };
                    let message = format!("the control plane address ({url}) of webhook {name} {what}");
                    out.push(Finding::new(rule, item, message).point(&format!("{path}.url")));
                }
                (None, None) => {
                    let message = format!("webhook {name} has neither a URL nor a Service for its control plane");
                    out.push(Finding::new(&rules::IST0163, item, message).point(&path));
                }
                (None, Some(_)) => {}
            }
        }
    }
}

/// Returns the host of a URL, without port and brackets; nothing if it is none. Go: `net/url` `Parse`, `URL.Hostname`
fn host(url: &str) -> Option<&str> {
    let invalid = |c: char| c.is_control() || c == ' ' || c == '%' && !has_escapes(url);
    if url.chars().any(invalid) {
        return None;
    }
    let (scheme, rest) = match url.split_once(':') {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => (scheme, rest),
        _ => ("", url),
    };
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    if url.starts_with(':') || (!scheme.is_empty() && !is_scheme(scheme)) {
        return None;
    }
    let authority = rest.strip_prefix("//").map_or("", |rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => host.find(':').map_or((host, ""), |at| host.split_at(at)),
    };
    let is_port =
        |port: &str| port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    (port.is_empty() || is_port(port)).then_some(host)
}

fn has_escapes(url: &str) -> bool {
    url.split('%')
        .skip(1)
        .all(|rest| rest.as_bytes().iter().take(2).filter(|byte| byte.is_ascii_hexdigit()).count() == 2)
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_of_urls() {
        for (url, want) in [
            ("https://istiod.example.com:15017/inject", Some("istiod.example.com")),
            ("https://192.0.2.1/inject", Some("192.0.2.1")),
            ("https://[2001:db8::1]:15017/inject", Some("2001:db8::1")),
            ("https://thisisnotavalidport:port/x", None),
            ("", Some("")),
            ("not a url", None),
            ("https:///inject", Some("")),
        ] {
            assert_eq!(host(url), want, "{url}");
        }
    }
}
