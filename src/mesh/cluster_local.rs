//! Services whose endpoints count only within one Kubernetes cluster.

use std::collections::BTreeMap;

use crate::mesh::hostname;
use crate::model::istio::MeshConfig;

/// The hosts for which it is said. istiod: `cluster_local.go` `ClusterLocalHosts`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterLocalHosts(BTreeMap<String, bool>);

impl ClusterLocalHosts {
    /// `MeshConfig.serviceSettings[].settings.clusterLocal`, by host, over istiod's own: the services of `kube-system`, the API server
    /// and istiod. A setting of `false` takes those back that it names.
    ///
    /// istiod: `cluster_local.go` `onMeshUpdated`
    pub fn new(mesh: &MeshConfig, cluster_domain: &str) -> Self {
        let mut defaults =
            vec![format!("*.kube-system.svc.{cluster_domain}"), format!("kubernetes.default.svc.{cluster_domain}")];
        defaults.extend(discovery_host(mesh, cluster_domain));
        let mut hosts = BTreeMap::new();
        for settings in &mesh.service_settings {
            let local = settings.settings.as_ref().is_some_and(|s| s.cluster_local);
            for host in &settings.hosts {
                if !local {
                    let names = |default: &String| {
                        host == default || default.strip_prefix('*').is_some_and(|suffix| host.ends_with(suffix))
                    };
                    defaults.retain(|default| !names(default));
                }
                hosts.insert(host.clone(), local);
            }
        }
        hosts.extend(defaults.into_iter().map(|host| (host, true)));
        Self(hosts)
    }

    /// Says whether the service is cluster-local, by the most specific host. istiod: `IsClusterLocal`.
    pub fn contains(&self, host: &str) -> bool {
        hostname::most_specific_match(host, &self.0, &self.0).is_some_and(|(_, local)| *local)
    }
}

/// The name by which proxies know istiod.
fn discovery_host(mesh: &MeshConfig, cluster_domain: &str) -> Option<String> {
    let address = &mesh.default_config.as_ref()?.discovery_address;
    let (host, port) = address.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    Some(if host.ends_with(cluster_domain) { host.to_owned() } else { format!("{host}.{cluster_domain}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::istio::{MeshConfigServiceSettings, MeshConfigServiceSettingsSettings};

    #[test]
    fn settings_over_defaults() {
        let setting = |cluster_local, host: &str| MeshConfigServiceSettings {
            settings: Some(MeshConfigServiceSettingsSettings { cluster_local }),
            hosts: vec![host.to_owned()],
        };
        let mesh = MeshConfig {
            service_settings: vec![
                setting(true, "*.shop.svc.cluster.local"),
                setting(false, "*.kube-system.svc.cluster.local"),
            ],
            ..MeshConfig::default()
        };
        let hosts = ClusterLocalHosts::new(&mesh, "cluster.local");
        for (host, local) in [
            ("kubernetes.default.svc.cluster.local", true),
            ("kube-dns.kube-system.svc.cluster.local", false),
            ("cart.shop.svc.cluster.local", true),
            ("api.example.com", false),
        ] {
            assert_eq!(hosts.contains(host), local, "{host}");
        }
    }
}
