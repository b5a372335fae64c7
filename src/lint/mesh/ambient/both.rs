//! Workloads that have a sidecar and ask for ambient mode.

use super::waypoints::label;
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::mesh::translated::Translated;
use crate::lint::rules;
use crate::model::istio::label::DATAPLANE_MODE;
use crate::proxy::{Proxy, ProxyKind};

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let with_sidecar = || translated.proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Sidecar);
    let asks = |item: &Item<'_>| item.label(DATAPLANE_MODE) == "ambient";
    let message = |proxy: &Proxy| format!("{} has a sidecar, so it stays out of ambient mode", proxy.full_name());
    let is_said = |item: &Item<'_>| translated.is_said(&[&rules::IST0123], item);
    for namespace in context.of("", "Namespace").filter(|item| item.is_written() && asks(item) && !is_said(item)) {
        let mut own = with_sidecar().filter(|proxy| proxy.namespace == namespace.name());
        let is_injected =
            namespace.label("istio-injection") == "enabled" || !namespace.label("istio.io/rev").is_empty();
        if let Some(proxy) = own.find(|proxy| !proxy.labels.contains_key(DATAPLANE_MODE)).filter(|_| is_injected) {
            let help = "remove one of the labels: `istio-injection` or `istio.io/rev`, or `istio.io/dataplane-mode`";
            out.push(
                Finding::new(&rules::MESHC0148, namespace, message(proxy)).point_path(label(DATAPLANE_MODE)).help(help),
            );
        }
    }
    for pod in context.pods().filter(|pod| pod.item.is_written() && asks(pod.item)) {
        let is_of = |proxy: &&Proxy| {
            proxy.namespace == pod.namespace
                && pod.item.labels().iter().all(|(key, value)| proxy.labels.get(key) == Some(value))
        };
        if let Some(proxy) = with_sidecar().find(is_of) {
            let help = "remove the label, or `sidecar.istio.io/inject: \"true\"`";
            let finding = Finding::new(&rules::MESHC0148, pod.item, message(proxy));
            out.push(finding.point_path(label(DATAPLANE_MODE)).help(help));
        }
    }
}
