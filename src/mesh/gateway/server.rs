//! One server of a Gateway, and what kind it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::mesh::gateway::route_name;
use crate::mesh::protocol::Protocol;
use crate::model::Config;
use crate::model::istio::{Gateway, Port, Server, ServerTlsSettingsTlsMode};

/// The position of the listener that a Gateway was made from. meshc's own: findings about the server are shown there.
pub(crate) const LISTENER_ANNOTATION: &str = "meshc/listener";

/// Returns the path of a server: of the listener, if it was made from one.
pub(super) fn path(gateway: &Config<Gateway>, index: usize) -> String {
    match gateway.meta.annotations.get(LISTENER_ANNOTATION) {
        Some(listener) => format!("spec.listeners[{listener}]"),
        None => format!("spec.servers[{index}]"),
    }
}

/// A server together with the Gateway it is in.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayServer {
    /// What the Gateway says, hosts qualified: `<host>` for any namespace, `<namespace>/<host>` for one.
    pub spec: Server,
    /// Its port.
    pub port: Port,
    /// Its Gateway.
    pub gateway: Arc<Config<Gateway>>,
    /// Its place in `spec.servers`.
    pub index: usize,
    /// `<namespace>/<name>` of its Gateway.
    pub gateway_name: String,
    /// The hosts that a TLS client may ask for, without namespaces; sorted. Empty without TLS.
    ///
    /// istiod: `gateway.go` `TLSServerInfo`
    pub sni_hosts: Vec<String>,
}

impl GatewayServer {
    /// Reads one server; none if it has no port.
    pub(super) fn new(gateway: &Arc<Config<Gateway>>, index: usize, server: &Server) -> Option<Self> {
        let port = server.port.clone()?;
        let hosts = qualified_hosts(&server.hosts, &gateway.meta.namespace);
        let sni_hosts = if server.tls.is_some() { sni_hosts(&hosts) } else { Vec::new() };
        let gateway_name = format!("{}/{}", gateway.meta.namespace, gateway.meta.name);
        let spec = Server { hosts, ..server.clone() };
        Some(Self { spec, port, gateway: gateway.clone(), index, gateway_name, sni_hosts })
    }

    /// The protocol of its port.
    pub fn protocol(&self) -> Protocol {
        Protocol::parse(&self.port.protocol)
    }

    /// Adds the place of a field of it, such as `.hosts`, to a finding.
    pub fn label(&self, diagnostic: Diagnostic, field: &str, text: &str) -> Diagnostic {
        diagnostic.label_at(self.gateway.source, &format!("{}{field}", path(&self.gateway, self.index)), text)
    }

    /// The route configuration that it uses on a port, or empty.
    pub fn route_name(&self, listening_port: u32) -> String {
        route_name::route_name(self, listening_port)
    }

    /// Whether it has TLS settings that are more than a redirect.
    ///
    /// istiod: `pkg/config/gateway` `IsTLSServer`
    pub fn is_tls(&self) -> bool {
        self.spec.tls.is_some() && !self.protocol().is_http()
    }

    /// Whether it serves HTTP: in the clear, or after it terminated TLS.
    ///
    /// istiod: `pkg/config/gateway` `IsHTTPServer`
    pub fn is_http(&self) -> bool {
        self.protocol().is_http() || (self.protocol() == Protocol::Https && !self.is_passthrough())
    }

    /// Whether it terminates TLS and serves HTTP.
    ///
    /// istiod: `pkg/config/gateway` `IsHTTPSServerWithTLSTermination`
    pub fn is_https_termination(&self) -> bool {
        self.spec.tls.is_some() && self.protocol() == Protocol::Https && !self.is_passthrough()
    }

    /// Whether it forwards TLS as it is.
    ///
    /// istiod: `pkg/config/gateway` `IsPassThroughServer`
    pub fn is_passthrough(&self) -> bool {
        use ServerTlsSettingsTlsMode::{AutoPassthrough, Passthrough};
        self.spec.tls.as_ref().is_some_and(|tls| matches!(tls.mode, Passthrough | AutoPassthrough))
    }

    /// Whether it forwards TLS to the service port that the SNI names.
    pub fn is_auto_passthrough(&self) -> bool {
        self.spec.tls.as_ref().is_some_and(|tls| tls.mode == ServerTlsSettingsTlsMode::AutoPassthrough)
    }

    /// Whether it is neither HTTP nor HTTPS, and terminates TLS if there is any.
    ///
    /// istiod: `pkg/config/gateway` `IsTCPServerWithTLSTermination`
    pub fn is_tcp_termination(&self) -> bool {
        !self.is_passthrough() && !self.protocol().is_http() && self.protocol() != Protocol::Https
    }

    /// Whether requests in the clear are to come back by HTTPS.
    pub fn is_https_redirect(&self) -> bool {
        self.spec.tls.as_ref().is_some_and(|tls| tls.https_redirect)
    }
}

/// `Gateway.servers[].hosts`, so that a namespace stands only where it restricts
///
/// `./host` is the Gateway's own namespace, `*/host` is any; `*/*` replaces the whole list by `*`.
///
/// istiod: `gateway.go` `sanitizeServerHostNamespace`
fn qualified_hosts(hosts: &[String], namespace: &str) -> Vec<String> {
    if hosts.iter().any(|h| namespaced(h) == Some(("*", "*"))) {
        return vec!["*".to_owned()];
    }
    hosts
        .iter()
        .map(|host| match namespaced(host) {
            Some((".", name)) => format!("{namespace}/{name}"),
            Some(("*", name)) => name.to_owned(),
            _ => host.clone(),
        })
        .collect()
}

/// The first host that, standing after `*/*`, makes istiod write past the end of the list that `*/*` has become.
///
/// istiod: `gateway.go` `sanitizeServerHostNamespace`
pub(super) fn crashing_host(hosts: &[String]) -> Option<&str> {
    let mut rest = hosts.iter().skip_while(|h| namespaced(h) != Some(("*", "*"))).skip(1);
    // Index 0 of the new list exists, but no host after `*/*` has it.
    rest.find(|h| namespaced(h).is_some_and(|n| n != ("*", "*") && (n.0 == "." || n.0 == "*"))).map(String::as_str)
}

/// Splits `<namespace>/<host>`; what follows a second slash is dropped.
pub(crate) fn namespaced(host: &str) -> Option<(&str, &str)> {
    let mut parts = host.split('/');
    Some((parts.next()?, parts.next()?))
}

/// istiod: `gateway.go` `GetSNIHostsForServer`
fn sni_hosts(hosts: &[String]) -> Vec<String> {
    let names: BTreeSet<&str> = hosts.iter().map(|h| namespaced(h).map_or(h.as_str(), |(_, name)| name)).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Claims hosts for one address: gives the hosts that were claimed before with their owners, and claims all of them if there
/// are none.
///
/// istiod: `gateway.go` `CheckDuplicates`
pub fn check_duplicates<O: Clone>(
    hosts: &[String],
    bind: &str,
    owner: &O,
    known: &mut BTreeMap<String, (String, O)>,
) -> Vec<(String, O)> {
    let duplicates: Vec<(String, O)> = hosts
        .iter()
        .filter_map(|host| known.get(host).filter(|(b, _)| b == bind).map(|(_, o)| (host.clone(), o.clone())))
        .collect();
    if duplicates.is_empty() {
        known.extend(hosts.iter().map(|host| (host.clone(), (bind.to_owned(), owner.clone()))));
    }
    duplicates
}
