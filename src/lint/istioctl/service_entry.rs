//! TCP ports without addresses to tell them apart. istiod: `analyzers/serviceentry/protocoladdresses.go`

use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let metadata = context.mesh_config.default_config.as_ref().map(|config| &config.proxy_metadata);
    let is_set = |key: &str| metadata.and_then(|metadata| metadata.get(key)).is_some_and(|value| value == "true");
    let allocates = is_set("ISTIO_META_DNS_CAPTURE")
        && (is_set("ISTIO_META_DNS_AUTO_ALLOCATE") || is_set("PILOT_ENABLE_IP_AUTOALLOCATE"));
    for entry in context.service_entries() {
        if allocates || !entry.spec.addresses.is_empty() || !entry.spec.status_addresses.is_empty() {
            continue;
        }
        for (i, port) in entry.spec.ports.iter().enumerate() {
            if port.protocol.is_empty() || port.protocol.eq_ignore_ascii_case("TCP") {
                let hosts = entry.spec.hosts.join(", ");
                let message = format!(
                    "the ServiceEntry has no `addresses`, so its TCP port takes the connections to port {} of all other hosts: they go to {hosts}",
                    port.number
                );
                let finding = Finding::new(&rules::IST0134, entry.item, message).at(&format!("spec.ports[{i}].name"));
                let help = if port.number == 443 {
                    "use `protocol: TLS` (or HTTPS), which tells hosts apart by server name, or set `addresses`"
                } else {
                    "set `addresses`; addresses that istiod allocates count only for sidecars that capture DNS (ISTIO_META_DNS_CAPTURE)"
                };
                out.push(finding.help(help));
            }
        }
    }
}
