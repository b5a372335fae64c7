//! Kinds and namespaces that istiod is told not to read.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::Manifests;
use crate::installation::{Behaviour, Installation};

/// Drops the objects of kinds that istiod does not read, by `PILOT_ENABLE_GATEWAY_API`, `PILOT_IGNORE_RESOURCES` and
/// `PILOT_INCLUDE_RESOURCES`, and of namespaces by `ISTIO_WATCH_NAMESPACE`, and says so.
///
/// istiod: `configcontroller.go` `initK8SConfigStore`, `pkg/kube/kclient/crdwatcher.go` `filterPilotResources`
pub(super) fn drop(manifests: &mut Manifests, installation: &Installation) -> Diagnostics {
    let features = &installation.features;
    let stable = installation.does(Behaviour::ReadsStableTcpRoutes);
    let ignored = patterns(&features.ignore_resources);
    let included = patterns(&features.include_resources);
    let is_ignored = |name: &str| any(&ignored, name) && !any(&included, name);
    let gateway_api = |name: &str| !features.gateway_api && name.ends_with(".gateway.networking.k8s.io");
    let alpha = |name: &str| !features.alpha_gateway_api && !stable && name == "tcproutes.gateway.networking.k8s.io";
    let why = |name: &str| {
        let by_list = || is_ignored(name).then_some("`PILOT_IGNORE_RESOURCES` names its kind");
        let alpha = || alpha(name).then_some("it does so only with PILOT_ENABLE_ALPHA_GATEWAY_API=true");
        gateway_api(name).then_some("`PILOT_ENABLE_GATEWAY_API` is off").or_else(alpha).or_else(by_list)
    };
    let note = |(kind, why, source): (&str, &str, _)| {
        Diagnostic::note("not-read-by-istiod", format!("istiod does not read this {kind}: {why}")).at(source, "kind")
    };
    let mut said: Diagnostics = manifests.resources.drop_kinds(why).into_iter().map(note).collect();
    said.push_some(other_namespaces(manifests, &features.watch_namespace));
    said
}

/// `ISTIO_WATCH_NAMESPACE`: istiod reads no object of another namespace, its own mesh config apart.
///
/// istiod: `pkg/kube/kclient/client.go` `ToOpts`
fn other_namespaces(manifests: &mut Manifests, watched: &str) -> Option<Diagnostic> {
    if watched.is_empty() {
        return None;
    }
    let count = manifests.resources.drop_namespaces(|namespace| namespace == watched);
    let message = format!("istiod watches namespace `{watched}` only: {count} objects of other namespaces are ignored");
    (count > 0).then(|| Diagnostic::note("not-read-by-istiod", message))
}

/// A name, or the end of one: `*.istio.io`. An empty text is a name too, which nothing has.
enum Pattern<'t> {
    Whole(&'t str),
    End(&'t str),
}

fn patterns(list: &str) -> Vec<Pattern<'_>> {
    let texts = list.split(',').map(str::trim);
    texts.map(|text| text.strip_prefix("*.").map_or(Pattern::Whole(text), Pattern::End)).collect()
}

fn any(patterns: &[Pattern<'_>], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern {
        Pattern::Whole(whole) => name == *whole,
        Pattern::End(end) => name.ends_with(end),
    })
}
