//! Labels and annotations that several layers read. istio.io/api: `label/labels.gen.go`, `annotation/annotations.gen.go`

/// The label by which a Namespace or Pod asks for ambient mode (`ambient`), or refuses it (`none`).
pub const DATAPLANE_MODE: &str = "istio.io/dataplane-mode";

/// The label that names the waypoint of a Namespace, Service, ServiceEntry or Pod.
pub const USE_WAYPOINT: &str = "istio.io/use-waypoint";

/// The annotation of a Pod that says whether ztunnel takes its connections (`enabled`); Istio's CNI writes it.
pub const REDIRECTION: &str = "ambient.istio.io/redirection";

/// The label of an object that is for the istiod of one revision, or of a Namespace or Pod that asks for its injector.
pub const REVISION: &str = "istio.io/rev";

/// The label that names a network: of a Pod its own, of a Service it makes the Service a gateway of that network.
pub const NETWORK: &str = "topology.istio.io/network";
