//! The destinations of a VirtualService, each with its path. istiod: `analyzers/virtualservice/util.go`

use crate::lint::context::Typed;
use crate::model::istio::{Destination, VirtualService};

/// A destination and where it is written.
pub(super) struct Place<'c> {
    pub(super) destination: &'c Destination,
    /// Whether it gets copies of requests only.
    pub(super) is_mirror: bool,
    /// Where it is.
    pub(super) path: String,
    /// The path whose line istioctl looks for.
    pub(super) istioctl_path: String,
}

/// A destination that is left out, which istiod's webhook refuses.
static NOWHERE: Destination = Destination { host: String::new(), subset: String::new(), port: None };

/// Returns the destinations of all routes, then those of mirrors.
pub(super) fn all<'c>(service: &Typed<'c, VirtualService>) -> Vec<Place<'c>> {
    let spec = service.spec;
    let mut out = Vec::new();
    let mut route = |kind: &str, i: usize, j: usize, destination: Option<&'c Destination>| {
        let destination = destination.unwrap_or(&NOWHERE);
        let path = format!("spec.{kind}[{i}].route[{j}].destination");
        out.push(Place { destination, is_mirror: false, istioctl_path: format!("{path}.host"), path });
    };
    for (i, rule) in spec.tcp.iter().enumerate() {
        rule.route.iter().enumerate().for_each(|(j, to)| route("tcp", i, j, to.destination.as_ref()));
    }
    for (i, rule) in spec.tls.iter().enumerate() {
        rule.route.iter().enumerate().for_each(|(j, to)| route("tls", i, j, to.destination.as_ref()));
    }
    for (i, rule) in spec.http.iter().enumerate() {
        rule.route.iter().enumerate().for_each(|(j, to)| route("http", i, j, to.destination.as_ref()));
    }
    for (i, rule) in spec.http.iter().enumerate() {
        if let Some(destination) = &rule.mirror {
            let path = format!("spec.http[{i}].mirror");
            out.push(Place { destination, is_mirror: true, istioctl_path: format!("{path}.host"), path });
        }
        for (j, mirror) in rule.mirrors.iter().enumerate() {
            {
                let destination = mirror.destination.as_ref().unwrap_or(&NOWHERE);
                let path = format!("spec.http[{i}].mirrors[{j}]");
                // It looks one level too high, and finds nothing.
                let istioctl_path = format!("{path}.host");
                out.push(Place { destination, is_mirror: true, path: format!("{path}.destination"), istioctl_path });
            }
        }
    }
    out
}
