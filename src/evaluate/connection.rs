//! From a connection to its filter chain, and through its network filters.

use std::borrow::Cow;

use serde_json::Map;

use super::answer::{
    Answer, Chain, ClusterAnswer, EndpointAnswer, FilterAnswer, Findings, Kind, LostChain, Outcome, Verdict,
};
use super::cluster::Discovery;
use super::http::Headers;
use super::listener::{self, Connection, FilterChain, Inspected, choose_filter_chain};
use super::network::{self, NetworkFilter};
use super::proxy::Proxy;
use super::rbac::{self, Facts};
use super::request::Request;
use super::{Clusters, stream};

/// Says what a proxy does with a request.
pub(super) fn evaluate<'p>(proxy: &'p Proxy, request: &Request, clusters: Clusters) -> Answer<'p> {
    let mut answer = Answer::default();
    let Some((listener, handed_on_by)) = listener::choose(&proxy.listeners, request) else {
        answer.outcome = ended(Kind::NoListener, "");
        return answer;
    };
    answer.listener = Some(&listener.name);
    answer.handed_on_by = handed_on_by.map(|listener| listener.name.as_str());
    let inspected = listener.inspect(request);
    let (chosen, lost) = match &listener.matcher {
        Some(matcher) => {
            let (destination, tunnel) = (request.destination, request.tunnel.as_ref());
            let name = matcher.choose(&Connection { destination, inspected: &inspected, tunnel });
            let named = name.and_then(|name| listener.chains.iter().position(|chain| chain.name == name));
            (named.or_else(|| listener.has_default.then(|| listener.chains.len() - 1)), Vec::new())
        }
        None => {
            choose_filter_chain(&listener.chains, listener.has_default, &inspected, request.destination, request.source)
        }
    };
    let named = lost.into_iter().map(|(index, why)| LostChain { index, name: &listener.chains[index].name, why });
    answer.lost_chains = named.collect();
    answer.findings = findings(&inspected);
    let Some(index) = chosen else {
        answer.outcome = Outcome { flags: "NR".to_owned(), ..ended(Kind::NoFilterChain, "filter_chain_not_found") };
        return answer;
    };
    let chain = &listener.chains[index];
    answer.filter_chain =
        Some(Chain { index, name: &chain.name, matching: &chain.matching, ends_tls: chain.tls.is_some() });
    if let Some(details) = handshake_fails(chain, request) {
        answer.outcome = ended(Kind::Reset, details);
        return answer;
    }
    for filter in &chain.filters {
        if network_filter(proxy, request, clusters, &inspected, filter, &mut answer) == Next::Stop {
            return answer;
        }
    }
    answer.outcome = ended(Kind::Reset, "");
    answer.notes.push("the filter chain has no filter that takes the connection".to_owned());
    answer
}

/// Whether the next filter is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    Stop,
}

fn findings(inspected: &Inspected) -> Findings {
    Findings {
        transport_protocol: inspected.transport_protocol.to_owned(),
        server_name: inspected.server_name.clone(),
        application_protocols: inspected.application_protocols.clone(),
        looked_for_tls: inspected.looked_for_tls,
        looked_for_http: inspected.looked_for_http,
    }
}

/// Says why a TLS handshake cannot succeed.
fn handshake_fails(chain: &FilterChain, request: &Request) -> Option<&'static str> {
    let wanted = chain.tls.as_ref()?;
    let Some(tls) = &request.tls else { return Some("the filter chain wants TLS, and the client speaks none") };
    (wanted.requires_certificate && tls.certificate.is_none())
        .then_some("the filter chain wants a client certificate, and the client shows none")
}

/// An end without HTTP.
pub(super) fn ended(kind: Kind, details: &str) -> Outcome {
    Outcome { kind, flags: "-".to_owned(), details: details.to_owned(), ..Outcome::default() }
}

fn network_filter<'p>(
    proxy: &'p Proxy,
    request: &Request,
    clusters: Clusters,
    inspected: &Inspected,
    filter: &'p NetworkFilter,
    answer: &mut Answer<'p>,
) -> Next {
    let mut say = |verdict: Verdict, why: Cow<'p, str>| {
        answer.network_filters.push(FilterAnswer { name: &filter.name, verdict, why });
    };
    match &filter.kind {
        network::Kind::Other => say(Verdict::Continue, Cow::Borrowed("")),
        network::Kind::Unknown(why) => say(Verdict::Unknown, Cow::Borrowed(why)),
        network::Kind::ExtAuthz(cluster) => say(Verdict::Unknown, Cow::Owned(format!("asks {cluster}"))),
        network::Kind::Rbac(rules, shadow) => {
            let (headers, metadata) = (Headers::default(), Map::new());
            let facts = Facts {
                headers: &headers,
                local: request.destination,
                peer: request.source,
                client: request.source,
                server_name: &inspected.server_name,
                is_tls: request.tls.is_some(),
                certificate: request.certificate(),
                metadata: &metadata,
            };
            let (verdict, why, details) = stream::ask(rules.as_ref(), shadow.as_ref(), &facts);
            say(verdict, Cow::Owned(why));
            if verdict == Verdict::Deny {
                answer.outcome = ended(Kind::Denied, &rbac::details(details.as_deref()));
                return Next::Stop;
            }
        }
        network::Kind::Http(manager) => {
            say(Verdict::Continue, Cow::Borrowed(""));
            stream::evaluate(proxy, request, clusters, inspected, manager, answer);
            return Next::Stop;
        }
        network::Kind::Tcp(list) => {
            say(Verdict::Continue, Cow::Borrowed(""));
            answer.clusters = shares(proxy, list.iter().map(|(name, weight)| (Cow::Borrowed(name.as_str()), *weight)));
            answer.outcome = match main_cluster(&answer.clusters).map(|cluster| reach(proxy, &cluster.name, clusters)) {
                None | Some(Reach::NoCluster) => {
                    Outcome { flags: "NC".to_owned(), ..ended(Kind::NoRoute, "cluster_not_found") }
                }
                Some(Reach::NoEndpoint) => {
                    Outcome { flags: "UH".to_owned(), ..ended(Kind::NoEndpoint, "no_healthy_upstream") }
                }
                Some(Reach::BlackHole) => {
                    Outcome { flags: "UH".to_owned(), ..ended(Kind::BlackHole, "no_healthy_upstream") }
                }
                Some(Reach::Passthrough) => ended(Kind::Passthrough, ""),
                Some(Reach::Endpoint) => ended(Kind::Forwarded, ""),
            };
            return Next::Stop;
        }
    }
    Next::Go
}

/// What a cluster comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// There is none of this name.
    NoCluster,
    /// It has no endpoint that takes requests.
    NoEndpoint,
    /// It never has one.
    BlackHole,
    /// The destination of the connection.
    Passthrough,
    /// One of its endpoints.
    Endpoint,
}

/// Says what a cluster comes to.
pub(super) fn reach(proxy: &Proxy, name: &str, clusters: Clusters) -> Reach {
    let is_named = clusters == Clusters::Named && !name.is_empty();
    let Some((cluster, endpoints)) = proxy.cluster(name) else {
        return if is_named { Reach::Endpoint } else { Reach::NoCluster };
    };
    match cluster.discovery {
        Discovery::OriginalDst => Reach::Passthrough,
        Discovery::Static if cluster.assignment.is_none() => Reach::BlackHole,
        _ if clusters != Clusters::AsConfigured => Reach::Endpoint,
        Discovery::Extension => Reach::Endpoint,
        _ if endpoints.is_empty() => Reach::NoEndpoint,
        _ => Reach::Endpoint,
    }
}

/// Returns the cluster that stands for all: of those that there are, or of those that there are none of, whichever get more requests,
/// the one that gets most, the first of several.
pub(super) fn main_cluster<'a, 'p>(clusters: &'a [ClusterAnswer<'p>]) -> Option<&'a ClusterAnswer<'p>> {
    let (there, missing): (Vec<_>, Vec<_>) = clusters.iter().partition(|cluster| cluster.discovery.is_some());
    let share = |list: &[&ClusterAnswer<'_>]| list.iter().map(|cluster| cluster.share).sum::<f64>();
    let side = if share(&missing) > share(&there) { missing } else { there };
    side.into_iter().reduce(|a, b| if b.share > a.share { b } else { a })
}

/// Returns clusters with their shares and endpoints.
pub(super) fn shares<'p>(proxy: &'p Proxy, list: impl Iterator<Item = (Cow<'p, str>, u32)>) -> Vec<ClusterAnswer<'p>> {
    let list: Vec<_> = list.collect();
    let total: f64 = list.iter().map(|(_, weight)| f64::from(*weight)).sum();
    let one = |(name, weight): (Cow<'p, str>, u32)| {
        let share = if total > 0.0 { f64::from(weight) / total } else { 0.0 };
        let Some((cluster, endpoints)) = proxy.cluster(&name) else {
            let endpoints = Vec::new();
            return ClusterAnswer { name, share, discovery: None, body: None, tls: None, endpoints, is_panic: false };
        };
        let answers = endpoints.list.iter().map(|e| EndpointAnswer {
            address: &e.address,
            priority: e.priority,
            locality: &e.locality,
            weight: e.weight,
            health: &e.health,
            share: e.share,
            tls: e.tls.as_ref(),
            metadata: e.metadata.as_ref(),
        });
        ClusterAnswer {
            name,
            share,
            discovery: Some(cluster.discovery),
            body: Some(&cluster.body),
            tls: cluster.sockets.only(),
            endpoints: answers.collect(),
            is_panic: endpoints.is_panic,
        }
    };
    list.into_iter().map(one).collect()
}
