//! `Gateway`. istiod: `ValidateGateway`

use std::collections::BTreeSet;

use crate::model::Config;
use crate::model::istio::{Gateway, Server, ServerTlsSettingsTlsMode};

use super::finding::{At, Findings};
use super::name::{self, Protocol, is_label};
use super::tls;

pub(super) fn check(config: &Config<Gateway>, findings: &mut Findings<'_>) {
    let Gateway { servers, selector: _ } = &config.spec;
    if !is_label(&config.meta.name) {
        findings.error(&At::METADATA.field("name"), "a Gateway name must not contain dots");
    }
    if servers.is_empty() {
        findings.error(&At::SPEC, "`servers` is empty: a Gateway needs at least one");
    }
    let list = At::SPEC.field("servers");
    let mut names = BTreeSet::new();
    for (index, server) in servers.iter().enumerate() {
        let at = list.item(index);
        check_server(server, &at, findings);
        let Some(port) = &server.port else { continue };
        if !names.insert(&port.name) {
            let at = at.field("port");
            findings.error(&at.field("name"), format!("another server's port is named `{}`", port.name));
        }
        let redirects = server.tls.as_ref().is_some_and(|tls| tls.https_redirect);
        if redirects && !Protocol::parse(&port.protocol).is_http() {
            let at = at.field("tls");
            findings.warning("unused-redirect", &at.field("httpsRedirect"), "only HTTP servers can redirect to HTTPS");
        }
    }
}

/// istiod: `validateServer`
fn check_server(server: &Server, at: &At<'_>, findings: &mut Findings<'_>) {
    let Server { port, bind, hosts, tls, default_endpoint: _, name: _ } = server;
    if hosts.is_empty() {
        findings.error(at, "a server requires at least one host");
    }
    let list = at.field("hosts");
    for (index, host) in hosts.iter().enumerate() {
        check_host(host, &list.item(index), findings);
    }
    let tls_at = at.field("tls");
    if let Some(tls) = tls {
        tls::check_server(tls, &tls_at, findings);
    }
    let Some(port) = port else {
        findings.error(at, "a server requires a `port`");
        return;
    };
    let protocol = Protocol::parse(&port.protocol);
    let socket = bind.strip_prefix("unix://");
    let at_port = at.field("port");
    let mut valid = true;
    let mut refuse = |at: &At<'_>, message: String, findings: &mut Findings<'_>| {
        valid = false;
        findings.error(at, message);
    };
    if protocol == Protocol::Unsupported {
        let message = format!("`{}` is not a supported protocol", port.protocol);
        refuse(&at_port.field("protocol"), message, findings);
    }
    if (port.number > 0 || socket.is_none())
        && let Err(message) = name::port(port.number)
    {
        refuse(&at_port.field("number"), message, findings);
    }
    if port.target_port > 0 {
        refuse(&at_port.field("targetPort"), "gateways have no use for `targetPort`".to_owned(), findings);
    }
    if port.name.is_empty() {
        refuse(&at_port, "a port has a `name`".to_owned(), findings);
    }
    if let Some(socket) = socket {
        findings.check(&at.field("bind"), name::unix_socket(socket));
        if port.number != 0 {
            findings.error(&at_port.field("number"), "a Unix socket must not have a port");
        }
    } else if !bind.is_empty() {
        findings.check(&at.field("bind"), name::ip(bind));
    }
    match tls {
        _ if !valid => {}
        None if protocol.is_tls() => findings.error(at, format!("{} needs `tls`", port.protocol)),
        // A redirect to HTTPS is all that plain HTTP can have.
        Some(tls) if protocol.is_http() => {
            use ServerTlsSettingsTlsMode::{AutoPassthrough, Passthrough};
            let passes = matches!(tls.mode, Passthrough | AutoPassthrough);
            let files = [&tls.ca_certificates, &tls.private_key, &tls.server_certificate];
            if !passes || files.iter().any(|file| !file.is_empty()) {
                findings.error(&tls_at, "plain HTTP has no TLS settings but `httpsRedirect`");
            }
        }
        Some(_) if !protocol.is_tls() => {
            findings.error(&tls_at, format!("{} has no TLS settings", port.protocol));
        }
        _ => {}
    }
}

/// `namespace/host` or `host`. istiod: `ValidateNamespaceSlashWildcardHostname`
fn check_host(host: &str, at: &At<'_>, findings: &mut Findings<'_>) {
    let name = match host.split_once('/') {
        None => host,
        Some((namespace, name)) => {
            if namespace.is_empty() || name.is_empty() {
                findings.error(at, "a namespace or a host is empty");
            }
            if !matches!(namespace, "*" | ".") && !is_label(namespace) {
                findings.error(at, format!("`{namespace}` is not a valid namespace"));
            }
            name
        }
    };
    findings.check(at, host_name(name, name::is_ip(name)));
}

/// A host of a gateway, which may be an address, or of a Sidecar. An address must have a dot like any other.
///
/// istiod: `validateSidecarOrGatewayHostnamePart`
pub(super) fn host_name(name: &str, is_address: bool) -> Result<(), String> {
    if !is_address {
        name::wildcard_domain(name)?;
    }
    if name != "*" && !name.contains('.') {
        return Err(format!("`{name}` is a short name; hosts are fully qualified"));
    }
    partial_wildcard(name)
}

/// istiod: `ValidatePartialWildCard`
pub(super) fn partial_wildcard(name: &str) -> Result<(), String> {
    if name.contains('*') && name != "*" && !name.starts_with("*.") {
        return Err(format!("the wildcard of `{name}` is only part of a label"));
    }
    Ok(())
}
