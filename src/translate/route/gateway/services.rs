//! Which service a destination of a gateway's VirtualService means.

use std::collections::BTreeMap;

use crate::mesh::service::Service;
use crate::model::Config;
use crate::model::istio::VirtualService;
use crate::proxy::ProxyView;

/// The services of a VirtualService's destinations by hostname: that of the VirtualService's namespace if the gateway sees it, else
/// that of the gateway's scope.
///
/// istiod: `core/gateway.go` `buildNameToServiceMapForHTTPRoutes`
pub(super) fn by_hostname<'m>(
    view: &ProxyView<'m>,
    virtual_service: &Config<VirtualService>,
) -> BTreeMap<String, &'m Service> {
    hostnames(&virtual_service.spec)
        .filter_map(|host| Some((host.to_owned(), service(view, host, &virtual_service.meta.namespace)?)))
        .collect()
}

fn service<'m>(view: &ProxyView<'m>, host: &str, namespace: &str) -> Option<&'m Service> {
    let mesh = view.outbound.mesh;
    let own = mesh.service(host, namespace).filter(|s| mesh.service_visible(s, &view.proxy.namespace));
    own.or_else(|| view.outbound.service(host)).map(AsRef::as_ref)
}

fn hostnames(spec: &VirtualService) -> impl Iterator<Item = &str> {
    spec.http.iter().flat_map(|http| {
        let mirrors = http.mirrors.iter().filter_map(|m| m.destination.as_ref());
        let routes = http.route.iter().filter_map(|r| r.destination.as_ref());
        http.mirror.iter().chain(mirrors).chain(routes).map(|d| d.host.as_str())
    })
}
