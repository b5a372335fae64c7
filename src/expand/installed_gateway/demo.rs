//! The gateways of `istioctl install --set profile=demo`.
//!
//! istio: `manifests/charts/gateways/istio-ingress`, `manifests/charts/gateways/istio-egress`, `manifests/helm-profiles/demo.yaml`

use serde_json::json;

use super::{Labels, Objects, Port, labels};
use crate::expand::inject::Injector;
use crate::expand::workload::Workload;

/// The namespace of the install.
pub(super) const NAMESPACE: &str = "istio-system";

/// A gateway of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demo {
    /// `istio-ingressgateway`
    Ingress,
    /// `istio-egressgateway`
    Egress,
}

impl Demo {
    /// The gateways, in the order in which one is chosen for a selector that both match.
    pub(super) const ALL: [Self; 2] = [Self::Ingress, Self::Egress];

    /// Returns the name of Deployment and Service.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ingress => "istio-ingressgateway",
            Self::Egress => "istio-egressgateway",
        }
    }

    /// Returns the labels by which the Service finds the Pods.
    fn selector(self) -> Labels {
        let istio = match self {
            Self::Ingress => "ingressgateway",
            Self::Egress => "egressgateway",
        };
        labels([("app", self.name()), ("istio", istio)])
    }

    /// Returns the labels of the objects.
    fn labels(self, revision: &str) -> Labels {
        let (component, chart) = match self {
            Self::Ingress => ("IngressGateways", "istio-ingress-1.30.3"),
            Self::Egress => ("EgressGateways", "istio-egress-1.30.3"),
        };
        let mut all = self.selector();
        all.extend(labels([
            ("app.kubernetes.io/instance", "istio"),
            ("app.kubernetes.io/managed-by", "Helm"),
            ("app.kubernetes.io/name", self.name()),
            ("app.kubernetes.io/part-of", "istio"),
            ("app.kubernetes.io/version", "1.30.3"),
            ("helm.sh/chart", chart),
            ("install.operator.istio.io/owning-resource", "unknown"),
            ("istio.io/rev", revision),
            ("operator.istio.io/component", component),
            ("release", "istio"),
        ]));
        all
    }

    /// Returns the labels of the Pods.
    pub(super) fn pod_labels(self, revision: &str) -> Labels {
        // The charts write the revision as it is set, and `latest` where it is not.
        let canonical = if revision == "default" { "latest" } else { revision };
        let mut all = self.labels(revision);
        all.extend(labels([
            ("chart", "gateways"),
            ("heritage", "Tiller"),
            ("istio.io/dataplane-mode", "none"),
            ("service.istio.io/canonical-name", self.name()),
            ("service.istio.io/canonical-revision", canonical),
            ("sidecar.istio.io/inject", "false"),
        ]));
        all
    }

    fn ports(self) -> Vec<Port> {
        let http = [("http2", 80, 8080), ("https", 443, 8443)];
        let ports = match self {
            Self::Ingress => {
                let all = [("status-port", 15021, 15021)].into_iter().chain(http);
                all.chain([("tcp", 31400, 31400), ("tls", 15443, 15443)]).collect()
            }
            Self::Egress => http.to_vec(),
        };
        ports.into_iter().map(|(name, number, target)| Port::new(name, number, target)).collect()
    }
}

/// Returns what is installed. The Pods come with their proxy, so that nobody injects them.
pub(super) fn objects(demo: Demo, injector: &Injector<'_>, workload: &Workload<'_>) -> Objects {
    let account = format!("{}-service-account", demo.name());
    let ports = demo.ports();
    let targets: Vec<u32> = ports.iter().map(|port| port.target).collect();
    let annotations = labels([
        ("istio.io/rev", injector.revision()),
        ("prometheus.io/path", "/stats/prometheus"),
        ("prometheus.io/port", "15020"),
        ("prometheus.io/scrape", "true"),
        ("sidecar.istio.io/inject", "false"),
    ]);
    let template = json!({
        "metadata": {"labels": demo.pod_labels(injector.revision()), "annotations": annotations},
        "spec": {"serviceAccountName": account, "containers": [injector.installed_container(workload, &targets)]},
    });
    Objects {
        account,
        labels: demo.labels(injector.revision()),
        selector: demo.selector(),
        template,
        service_type: match demo {
            Demo::Ingress => "LoadBalancer",
            Demo::Egress => "ClusterIP",
        },
        ports,
    }
}
