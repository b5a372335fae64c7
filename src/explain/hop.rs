//! What one proxy does with a request, in the form of the report.

use serde_json::Value;

use super::report::{Chain, Changes, Cluster, Endpoint, Filter, Hop, HostMatch, Missed, Outcome, RouteTaken, Upstream};
use super::{effects, places};
use crate::evaluate::{
    Answer, ClusterAnswer, Discovery, EndpointAnswer, FilterAnswer, Findings, Request, TlsMode, UpstreamTls,
};

/// Says how a request ends at one proxy. A cluster without endpoints of its own is a way past the routes only where Istio means it so.
pub(super) fn outcome(answer: &Answer<'_>, hop: usize) -> Outcome {
    let mut outcome = Outcome::new(&answer.outcome, hop);
    let named = answer.clusters.iter().any(|cluster| cluster.name.contains("Passthrough"));
    if outcome.kind == "passthrough" && !named {
        outcome.kind = "forwarded";
    }
    outcome
}

/// Turns an answer into a hop.
pub fn hop(proxy: &str, request: &Request, answer: &Answer<'_>) -> Hop {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let lost = answer.lost_chains.iter();
    Hop {
        proxy: proxy.to_owned(),
        direction: request.direction.as_str(),
        listener: text(answer.listener),
        handed_on_by: text(answer.handed_on_by),
        filter_chain: answer.filter_chain.as_ref().map(|chain| Chain {
            index: chain.index,
            name: chain.name.to_owned(),
            matching: chain.matching.clone(),
        }),
        lost_filter_chains: lost
            .map(|chain| Missed { index: chain.index, name: chain.name.to_owned(), why: chain.why.clone() })
            .collect(),
        network_filters: answer.network_filters.iter().map(filter).collect(),
        filters: answer.filters.iter().map(filter).collect(),
        route_config: text(answer.route_config),
        host_match: answer.host.as_ref().map(|host| HostMatch {
            virtual_host: host.virtual_host.to_owned(),
            domain: host.domain.to_owned(),
            by: host.by,
        }),
        virtual_host: answer.host.as_ref().filter(|_| answer.route.is_some()).map(|host| host.virtual_host.to_owned()),
        route: answer.route.as_ref().map(|route| RouteTaken {
            index: route.index,
            name: route.name.to_owned(),
            matching: route.summary.clone(),
        }),
        virtual_cluster: text(answer.virtual_cluster),
        missed: answer
            .missed()
            .map(|(index, why)| Missed { index, name: answer.route_name(index).to_owned(), why })
            .collect(),
        upstream: answer.upstream.as_ref().map(|upstream| Upstream {
            path: with_one_slash(&upstream.path),
            request_target: upstream.path.clone(),
            authority: upstream.authority.clone(),
            headers: Changes {
                set: upstream.set.clone(),
                append: upstream.append.clone(),
                remove: upstream.remove.clone(),
            },
        }),
        clusters: answer.clusters.iter().map(cluster).collect(),
        places: places::of_answer(answer),
        notes: answer.notes.iter().cloned().chain(answer.clusters.iter().filter_map(without_endpoint)).collect(),
        response_headers: answer.response_headers.clone(),
        routed: answer.routed_headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        random: answer.random,
        route_body: answer.route.as_ref().map(|route| route.body.clone()).unwrap_or_default(),
        effects: answer.route.as_ref().map(|route| effects::of_route(route.body)).unwrap_or_default(),
        findings: findings(&answer.findings),
    }
}

/// Returns a path with one slash at its beginning, as servers take it that guard against `//host` in the place of a path.
fn with_one_slash(path: &str) -> String {
    if path.starts_with("//") { format!("/{}", path.trim_start_matches('/')) } else { path.to_owned() }
}

/// Says of a cluster without an endpoint what it comes to.
fn without_endpoint(cluster: &ClusterAnswer<'_>) -> Option<String> {
    let holds =
        matches!(cluster.discovery?, Discovery::Eds | Discovery::Static | Discovery::StrictDns | Discovery::LogicalDns);
    let is_empty = cluster.endpoints.iter().all(|endpoint| endpoint.share <= 0.0);
    (holds && is_empty).then(|| {
        format!(
            "{} has no endpoint that takes requests: a running proxy would answer 503 UH no_healthy_upstream",
            cluster.name
        )
    })
}

fn filter(answer: &FilterAnswer<'_>) -> Filter {
    Filter { name: answer.name.to_owned(), verdict: answer.verdict.as_str(), why: answer.why.clone().into_owned() }
}

fn findings(findings: &Findings) -> String {
    let Findings { transport_protocol, server_name, application_protocols, looked_for_tls, looked_for_http } = findings;
    let mut out = vec![match (transport_protocol.as_str(), *looked_for_tls) {
        ("tls", _) => "TLS".to_owned(),
        (_, true) => "no TLS".to_owned(),
        (_, false) => "nothing looks for TLS".to_owned(),
    }];
    if !server_name.is_empty() {
        out.push(format!("server name {server_name}"));
    }
    match application_protocols.as_slice() {
        [] if !looked_for_http => out.push("nothing looks for HTTP".to_owned()),
        [] => out.push("no HTTP".to_owned()),
        list => out.push(list.join(", ")),
    }
    out.join(", ")
}

fn cluster(answer: &ClusterAnswer<'_>) -> Cluster {
    let by_share = answer.endpoints.iter().filter(|endpoint| endpoint.share > 0.0);
    let most = by_share.reduce(|a, b| if b.share > a.share { b } else { a });
    let tls = most.map_or(answer.tls, |endpoint| endpoint.tls);
    let by_hbone = most.is_some_and(is_tunnelled);
    Cluster {
        name: answer.name.clone().into_owned(),
        share: rounded(answer.share),
        tls: if by_hbone { HBONE } else { tls_name(tls) },
        sni: tls.map(|tls| tls.sni.clone()).unwrap_or_default(),
        sans: tls.map(|tls| tls.sans.clone()).unwrap_or_default(),
        endpoints: answer.endpoints.iter().map(endpoint).collect(),
        policies: answer.body.map(effects::of_cluster).unwrap_or_default(),
        panic: answer.is_panic,
    }
}

fn endpoint(answer: &EndpointAnswer<'_>) -> Endpoint {
    Endpoint {
        address: answer.address.to_owned(),
        priority: answer.priority,
        share: rounded(answer.share),
        workload: answer.metadata.and_then(workload),
        locality: answer.locality.to_owned(),
        health: if answer.health == "HEALTHY" { String::new() } else { answer.health.to_owned() },
        tls: if is_tunnelled(answer) { HBONE } else { tls_name(answer.tls) },
    }
}

/// istiod notes `<workload>;<namespace>;<canonical name>;<revision>;<cluster>` of each endpoint.
fn workload(metadata: &Value) -> Option<String> {
    let noted = metadata.get("istio")?.get("workload")?.as_str()?;
    let mut parts = noted.split(';');
    let (name, namespace) = (parts.next()?, parts.next()?);
    (!name.is_empty()).then(|| format!("{name}.{namespace}"))
}

/// The way of requests that a listener of the proxy tunnels, by mutual TLS with the proxy's own certificate.
const HBONE: &str = "hbone";

/// Says whether requests to an endpoint go through a tunnel. istiod: `endpoint_builder.go` `buildEnvoyLbEndpoint`
fn is_tunnelled(endpoint: &EndpointAnswer<'_>) -> bool {
    let is_noted = |metadata: &Value| metadata.get("envoy.filters.listener.original_dst").is_some();
    endpoint.address.starts_with("envoy://") && endpoint.metadata.is_some_and(is_noted)
}

/// The certificate that the proxy has of istiod is the secret `default`.
fn tls_name(tls: Option<&UpstreamTls>) -> &'static str {
    match tls {
        None => "none",
        Some(tls) if tls.mode == TlsMode::Simple => "simple",
        Some(tls) if tls.secret.as_deref() == Some("default") => "istio_mutual",
        Some(_) => "mutual",
    }
}

/// Shares in steps that people read.
pub(super) fn rounded(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}
