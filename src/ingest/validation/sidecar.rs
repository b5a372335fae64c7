//! `Sidecar`. istiod: `ValidateSidecar`

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Config;
use crate::model::istio::{
    CaptureMode, IstioEgressListener, IstioIngressListener, OutboundTrafficPolicy, OutboundTrafficPolicyMode,
    ServerTlsSettings, ServerTlsSettingsTlsMode as Mode, Sidecar, SidecarPort,
};

use super::finding::{At, Findings};
use super::gateway::host_name;
use super::name::{self, Protocol, is_label};
use super::{connection_pool, http_route, selector, tls};

pub(super) fn check(config: &Config<Sidecar>, findings: &mut Findings<'_>) {
    let Sidecar { workload_selector, ingress, egress, inbound_connection_pool, outbound_traffic_policy } = &config.spec;
    selector::check_networking(workload_selector.as_ref(), &At::SPEC.field("workloadSelector"), findings);
    if ingress.is_empty() && egress.is_empty() && inbound_connection_pool.is_none() && outbound_traffic_policy.is_none()
    {
        findings.error(&At::SPEC, "a Sidecar requires at least one field besides its selector");
        return;
    }
    let list = At::SPEC.field("ingress");
    let mut numbers = BTreeSet::new();
    for (index, listener) in ingress.iter().enumerate() {
        check_ingress(listener, &mut numbers, &list.item(index), findings);
    }
    connection_pool::check(inbound_connection_pool.as_ref(), &At::SPEC.field("inboundConnectionPool"), findings);
    check_egress(&config.meta.namespace, egress, findings);
    if let Some(policy) = outbound_traffic_policy {
        check_outbound(policy, findings);
    }
}

fn check_ingress(
    listener: &IstioIngressListener,
    numbers: &mut BTreeSet<u32>,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) {
    let IstioIngressListener { port, bind, capture_mode: _, default_endpoint, tls, connection_pool } = listener;
    let Some(port) = port else {
        findings.error(at, "an ingress listener requires a `port`");
        return;
    };
    check_port(port, &at.field("port"), findings);
    let at_port = at.field("port");
    findings.check(&at_port.field("number"), name::port(port.number));
    if !bind.is_empty() {
        findings.check(&at.field("bind"), name::ip(bind));
    }
    if !numbers.insert(port.number) {
        findings.error(&at_port.field("number"), format!("port {} is defined twice", port.number));
    }
    if !default_endpoint.is_empty() {
        findings.check(&at.field("defaultEndpoint"), self::default_endpoint(default_endpoint));
    }
    if let Some(settings) = tls {
        check_tls(settings, &at.field("tls"), findings);
        if !Protocol::parse(&port.protocol).is_tls() {
            findings.error(&at.field("tls"), "only HTTPS and TLS ports can have TLS settings");
        }
    }
    connection_pool::check(connection_pool.as_ref(), &at.field("connectionPool"), findings);
    let http = connection_pool.as_ref().is_some_and(|pool| pool.http.is_some());
    if http && !Protocol::parse(&port.protocol).is_http() {
        let SidecarPort { number, name, protocol, .. } = port;
        let message =
            format!("the protocol of the port {number} (`{name}`) is {protocol}: settings of HTTP have no effect");
        findings.warning("unused-connection-pool", &at.field("connectionPool"), message);
    }
}

/// `127.0.0.1:80`, `[::1]:80`, `:80` or `unix:///path`.
fn default_endpoint(endpoint: &str) -> Result<(), String> {
    if let Some(socket) = endpoint.strip_prefix("unix://") {
        return name::unix_socket(socket);
    }
    let form = || "the form is 127.0.0.1:80, 0.0.0.0:80, [::1]:80, [::]:80, :80 or unix:///path".to_owned();
    let (host, port) = endpoint.rsplit_once(':').ok_or_else(form)?;
    if !matches!(host, "" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "[::]") {
        return Err(form());
    }
    name::port(port.parse().map_err(|_| form())?)
}

fn check_tls(settings: &ServerTlsSettings, at: &At<'_>, findings: &mut Findings<'_>) {
    for (field, set) in [
        ("subjectAltNames", !settings.subject_alt_names.is_empty()),
        ("httpsRedirect", settings.https_redirect),
        ("credentialName", !settings.credential_name.is_empty()),
        ("credentialNames", !settings.credential_names.is_empty()),
        ("tlsCertificates", !settings.tls_certificates.is_empty()),
    ] {
        if set {
            findings.error(&at.field(field), "a Sidecar does not support this field");
        }
    }
    if matches!(settings.mode, Mode::IstioMutual | Mode::AutoPassthrough) {
        findings.error(&at.field("mode"), format!("a Sidecar does not support {}", settings.mode));
    }
    tls::check_server(settings, at, findings);
}

fn check_egress(namespace: &str, egress: &[IstioEgressListener], findings: &mut Findings<'_>) {
    let list = At::SPEC.field("egress");
    let (mut numbers, mut sockets) = (BTreeSet::new(), BTreeSet::new());
    for (index, listener) in egress.iter().enumerate() {
        let at = list.item(index);
        let IstioEgressListener { port, bind, capture_mode, hosts } = listener;
        match port {
            None if index + 1 < egress.len() => {
                findings.error(&at, "the listener without `port` comes last, and there is only one");
            }
            None => {}
            Some(port) => {
                let at_port = at.field("port");
                check_port(port, &at_port, findings);
                if port.number == 0 {
                    match bind.strip_prefix("unix://") {
                        Some(socket) => findings.check(&at.field("bind"), name::unix_socket(socket)),
                        None => findings.error(&at_port, "a listener without number binds a Unix socket"),
                    }
                    if *capture_mode == CaptureMode::Iptables {
                        findings.error(&at.field("captureMode"), "nothing can be redirected to a Unix socket");
                    }
                    if !sockets.insert(bind) {
                        findings.error(&at.field("bind"), format!("socket `{bind}` is defined twice"));
                    }
                } else {
                    findings.check(&at_port.field("number"), name::port(port.number));
                    if !bind.is_empty() {
                        findings.check(&at.field("bind"), name::ip(bind));
                    }
                    if !numbers.insert(port.number) {
                        findings.error(&at_port.field("number"), format!("port {} is defined twice", port.number));
                    }
                }
            }
        }
        check_hosts(namespace, hosts, &at, findings);
    }
}

/// istiod: `validateSidecarIngressPortAndBind`, `validateSidecarEgressPortBindAndCaptureMode`
fn check_port(port: &SidecarPort, at: &At<'_>, findings: &mut Findings<'_>) {
    if port.target_port > 0 {
        findings.error(&at.field("targetPort"), "a Sidecar ignores `targetPort`");
    }
    if !port.name.is_empty() {
        findings.check(&at.field("name"), name::port_name(&port.name));
    }
    findings.check(&at.field("protocol"), name::protocol(&port.protocol));
}

fn check_hosts(namespace: &str, hosts: &[String], at: &At<'_>, findings: &mut Findings<'_>) {
    let list = at.field("hosts");
    if hosts.is_empty() {
        findings.error(at, "an egress listener requires at least one host");
    }
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (index, host) in hosts.iter().enumerate() {
        let at = list.item(index);
        let Some((of, name)) = host.split_once('/') else {
            findings.error(&at, "the form is `namespace/host`");
            continue;
        };
        let others = seen.entry(if of == "." { namespace } else { of }).or_default();
        let twice = if name == "*" { !others.is_empty() } else { others.contains(name) || others.contains("*") };
        if twice {
            findings.warning("duplicate-egress-host", &at, format!("another host covers `{host}`"));
        }
        others.insert(name);
        // What follows `~` is excluded, of a namespace or of all.
        if let Some(excluded) = of.strip_prefix('~') {
            if !matches!(excluded, "" | "*" | ".") && !is_label(excluded) {
                findings.error(&at, format!("`{excluded}` is not a valid namespace"));
            }
            findings.check(&at, host_name(name, false));
            continue;
        }
        if of.is_empty() || name.is_empty() {
            findings.error(&at, "a namespace or a host is empty");
        }
        if !matches!(of, "*" | ".") && !is_label(of) {
            findings.error(&at, format!("`{of}` is not a valid namespace"));
        }
        findings.check(&at, host_name(name, false));
    }
    if seen.get("*").is_some_and(|names| names.contains("*")) && seen.len() > 1 {
        findings.warning("duplicate-egress-host", &list, "`*/*` covers all others");
    }
}

/// istiod: `validateSidecarOutboundTrafficPolicy`
fn check_outbound(policy: &OutboundTrafficPolicy, findings: &mut Findings<'_>) {
    let at = At::SPEC.field("outboundTrafficPolicy");
    let at = at.field("egressProxy");
    let Some(proxy) = &policy.egress_proxy else { return };
    if policy.mode != OutboundTrafficPolicyMode::AllowAny {
        findings.error(&at, "an egress proxy is for ALLOW_ANY only");
        return;
    }
    findings.check(&at.field("host"), name::domain(&proxy.host));
    if proxy.port.is_none() {
        findings.error(&at, "an egress proxy requires a `port`");
        return;
    }
    http_route::check_destination(Some(proxy), &at, findings);
}
