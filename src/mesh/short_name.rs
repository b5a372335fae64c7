//! Short names in rules: `reviews` means `reviews.<namespace of the rule>.svc.<cluster domain>`.

/// Completes a short name. A name with a dot, an IP address and `*` stay as they are.
///
/// istiod: `pilot/pkg/model/config.go` `ResolveShortnameToFQDN`
pub fn fqdn(host: &str, namespace: &str, cluster_domain: &str) -> String {
    let stays = host.is_empty() || host == "*" || host.contains('.') || host.parse::<std::net::IpAddr>().is_ok();
    if stays { host.to_owned() } else { format!("{host}.{namespace}.svc.{cluster_domain}") }
}
