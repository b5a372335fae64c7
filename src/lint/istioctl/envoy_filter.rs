//! EnvoyFilters whose operation does not fit, or depends on others. istiod: `analyzers/envoyfilter/envoyfilter.go`

use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::{Rule, rules};
use crate::model::istio::{
    EnvoyFilterApplyTo as ApplyTo, EnvoyFilterEnvoyConfigObjectMatchObjectTypes as Match,
    EnvoyFilterEnvoyConfigObjectPatch, EnvoyFilterPatchOperation as Operation,
};

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    // Filters that patches for one version of the proxy have named so far.
    let mut with_version: Vec<String> = Vec::new();
    for filter in context.envoy_filters() {
        for (index, patch) in filter.spec.config_patches.iter().enumerate() {
            let Some(change) = &patch.patch else { break };
            let name = filter_name(patch, filter.item.node().at(&path(index)));
            let routes = matches!(patch.apply_to, ApplyTo::RouteConfiguration | ApplyTo::HttpRoute);
            let replaceable =
                matches!(patch.apply_to, ApplyTo::NetworkFilter | ApplyTo::HttpFilter | ApplyTo::VirtualHost);
            let found: Option<(&'static Rule, &str)> = match change.operation {
                Operation::Add if routes => {
                    Some((&rules::IST0153, "ADD is ignored for ROUTE_CONFIGURATION and HTTP_ROUTE"))
                }
                Operation::Remove if routes => {
                    Some((&rules::IST0154, "REMOVE is ignored for ROUTE_CONFIGURATION and HTTP_ROUTE"))
                }
                Operation::Replace if !replaceable => {
                    Some((&rules::IST0152, "REPLACE is for HTTP_FILTER, NETWORK_FILTER and VIRTUAL_HOST only"))
                }
                Operation::Remove | Operation::Replace | Operation::InsertBefore | Operation::InsertAfter
                    if filter.spec.priority == 0 =>
                {
                    Some(if with_version.contains(&name) {
                        (
                            &rules::IST0155,
                            "without a `priority`, whether this patch finds its place depends on other EnvoyFilters and, with \
                             `proxyVersion`, on upgrades",
                        )
                    } else {
                        (
                            &rules::IST0151,
                            "without a `priority`, the result of this relative patch depends on other EnvoyFilters",
                        )
                    })
                }
                _ => None,
            };
            if let Some((rule, message)) = found {
                let at = format!("spec.configPatches[{index}].patch");
                let finding = Finding::new(rule, filter.item, message).at(&format!("{at}.value"));
                let works = patch.apply_to == ApplyTo::HttpRoute && matches!(rule.code, "IST0153" | "IST0154");
                let reason = works.then_some("istiod adds and removes routes");
                out.push(finding.point(&format!("{at}.operation")).false_alarm_if(reason));
            }
            let version = patch.r#match.as_ref().and_then(|m| m.proxy.as_ref()).map(|proxy| &proxy.proxy_version);
            if version.is_some_and(|version| !version.is_empty()) {
                with_version.push(name);
            }
        }
    }
}

fn path(index: usize) -> crate::source::FieldPath {
    crate::source::FieldPath::parse(&format!("spec.configPatches[{index}].patch.value.name"))
}

/// Returns the filter that a patch is about: its own name, else that of the filter that it looks for.
fn filter_name(patch: &EnvoyFilterEnvoyConfigObjectPatch, own: Option<crate::source::Node<'_>>) -> String {
    let has_value = patch.patch.as_ref().is_some_and(|change| change.value.is_some());
    if !has_value {
        return String::new();
    }
    if let Some(name) = own {
        // Never the same as one that is looked for: istioctl compares the printed value with the plain name.
        return format!("value {}", name.as_str().unwrap_or_default());
    }
    match patch.r#match.as_ref().and_then(|m| m.object_types.as_ref()) {
        Some(Match::Listener(listener)) => {
            let filter = listener.filter_chain.as_ref().and_then(|chain| chain.filter.as_ref());
            filter.map(|filter| filter.name.clone()).unwrap_or_default()
        }
        _ => String::new(),
    }
}
