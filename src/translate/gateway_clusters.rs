//! The clusters that a gateway needs, where istiod sends it no others.

use std::collections::BTreeSet;

use crate::installation::JwksFetchMode;
use crate::mesh::virtual_service;
use crate::model::istio::MeshConfigExtensionProviderProvider as Provider;
use crate::proxy::ProxyView;
use crate::proxy::selection::PolicyMatcher;
use crate::translate::envoy_filter::EnvoyFilters;
use crate::translate::name;
use crate::translate::security::authentication::jwks;

/// Services by hostname, or by namespace and hostname.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    hosts: BTreeSet<String>,
    namespaced: BTreeSet<(String, String)>,
}

impl Wanted {
    /// Finds the services that the routes of the gateway lead to, those of extension providers, of keys that Envoy fetches, and of
    /// EnvoyFilters that name them in an annotation.
    ///
    /// istiod: `push_context.go` `GatewayServices`, `extraServicesForProxy`
    pub(super) fn new(view: &ProxyView<'_>, envoy_filters: &EnvoyFilters) -> Self {
        let mesh = view.outbound.mesh;
        let mut wanted = Self::default();
        for provider in &mesh.config.extension_providers {
            if let Some(service) = provider.provider.as_ref().and_then(service) {
                wanted.add(service);
            }
        }
        if mesh.features().jwks_fetch_mode != JwksFetchMode::Istiod {
            let namespaces = [view.proxy.namespace.as_str(), &mesh.config.root_namespace];
            let matcher = PolicyMatcher::new(mesh.features(), view.proxy, &mesh.config.root_namespace);
            let policies = matcher.attached(&mesh.request_authentications, &namespaces);
            let rules = policies.iter().flat_map(|policy| &policy.spec.jwt_rules);
            wanted.hosts.extend(rules.filter_map(|rule| jwks::host_and_port(&rule.jwks_uri)).map(|(host, _)| host));
        }
        envoy_filters.referenced_services(view.proxy).for_each(|service| wanted.add(service));
        for gateway in view.merged_gateway().iter().flat_map(|gateway| &gateway.gateway_names) {
            let namespace = gateway.split_once('/').map_or("", |(namespace, _)| namespace);
            let source = if mesh.features().scope_gateway_to_namespace { namespace } else { "" };
            for config in mesh.virtual_services.bound_to(gateway) {
                wanted.hosts.extend(virtual_service::destinations(&config.spec, source).into_keys());
            }
        }
        wanted
    }

    /// `hostname`, or `namespace/hostname`
    fn add(&mut self, service: &str) {
        match service.split_once('/') {
            Some((namespace, host)) => {
                self.namespaced.insert((namespace.to_owned(), host.to_owned()));
            }
            None => {
                self.hosts.insert(service.to_owned());
            }
        }
    }

    /// Says whether a cluster is that of a service which is wanted.
    pub(super) fn has(&self, view: &ProxyView<'_>, cluster: &str) -> bool {
        let Some(key) = name::parse_outbound_cluster(cluster) else { return true };
        let namespaced = |namespace: &str| self.namespaced.contains(&(namespace.to_owned(), key.hostname.to_owned()));
        let service = view.outbound.service(key.hostname);
        self.hosts.contains(key.hostname) || service.is_some_and(|service| namespaced(&service.namespace))
    }
}

/// The service of an extension provider.
fn service(provider: &Provider) -> Option<&str> {
    Some(match provider {
        Provider::EnvoyExtAuthzHttp(provider) => &provider.service,
        Provider::EnvoyExtAuthzGrpc(provider) => &provider.service,
        Provider::Zipkin(provider) => &provider.service,
        Provider::Datadog(provider) => &provider.service,
        Provider::Skywalking(provider) => &provider.service,
        Provider::Opentelemetry(provider) => &provider.service,
        Provider::EnvoyHttpAls(provider) => &provider.service,
        Provider::EnvoyTcpAls(provider) => &provider.service,
        Provider::EnvoyOtelAls(provider) => &provider.service,
        Provider::Sds(provider) => &provider.service,
        Provider::Lightstep(_)
        | Provider::Opencensus(_)
        | Provider::Stackdriver(_)
        | Provider::Prometheus(_)
        | Provider::EnvoyFileAccessLog(_) => return None,
    })
}
