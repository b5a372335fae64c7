//! The names of outbound route configurations: what a listener asks for.

/// What the name of a route configuration says.
///
/// istiod: `httproute.go` `extractListenerPort`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RouteName<'a> {
    /// `9080`: all hosts of a port.
    Port(u32),
    /// `reviews.default.svc.cluster.local:9080`: one host of a port whose protocol Envoy sniffs.
    Sniffed {
        /// The host.
        host: &'a str,
        /// The port.
        port: u32,
    },
    /// `http_proxy`, or the path of a Unix domain socket: all hosts of all ports.
    AllPorts,
}

impl<'a> RouteName<'a> {
    /// Reads a name; none if istiod could not make anything of it.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        if name == "http_proxy" || name.starts_with("unix://") {
            return Some(Self::AllPorts);
        }
        match name.split_once(':') {
            None => Some(Self::Port(name.parse().ok()?)),
            Some((host, port)) => Some(Self::Sniffed { host, port: port.parse().ok()? }),
        }
    }

    /// The port of the listener; 0 stands for all.
    pub(super) fn port(self) -> u32 {
        match self {
            Self::Port(port) | Self::Sniffed { port, .. } => port,
            Self::AllPorts => 0,
        }
    }
}

/// Whether istiod can make anything of the name of a sidecar's route configuration.
pub(crate) fn is_name_of_sidecar(name: &str) -> bool {
    RouteName::parse(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::RouteName;

    #[test]
    fn names_say_host_and_port() {
        for (name, expected) in [
            ("80", Some(RouteName::Port(80))),
            ("foo.com:80", Some(RouteName::Sniffed { host: "foo.com", port: 80 })),
            ("http_proxy", Some(RouteName::AllPorts)),
            ("unix:///var/run/a.sock", Some(RouteName::AllPorts)),
            ("http.80", None),
            ("foo.com:http", None),
        ] {
            assert_eq!(RouteName::parse(name), expected, "{name}");
        }
    }
}
