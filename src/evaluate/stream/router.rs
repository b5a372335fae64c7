//! What the router does: it sends a request to clusters, or answers it. Envoy: `router.cc`.

use std::borrow::Cow;

use serde_json::Value;

use super::{Found, Stream};
use crate::evaluate::Clusters;
use crate::evaluate::answer::{Answer, Kind, Outcome, Upstream};
use crate::evaluate::cluster::Discovery;
use crate::evaluate::connection::{Reach, main_cluster, reach, shares};
use crate::evaluate::http::Headers;
use crate::evaluate::request::Version;
use crate::evaluate::route::{
    self, Action, Changes, HeaderMutation, Redirect, RouteAction, RouteMatch, Variables, VirtualHost, WeightedCluster,
};

impl<'p> Stream<'p, '_> {
    /// Sends the request on. Envoy: `Router::Filter::decodeHeaders`.
    pub(super) fn route(&mut self, answer: &mut Answer<'p>) -> Outcome {
        let (virtual_host, index) = match self.found {
            Found::Nothing | Found::Host(..) => return self.reply(Kind::NoRoute, 404, Some("NR"), "route_not_found"),
            Found::WantsTls(..) => {
                let location = format!("https://{}{}", self.headers.authority(), self.headers.path());
                let reply = self.reply(Kind::Redirect, 301, None, "direct_response");
                return Outcome { location: Some(location), ..reply };
            }
            Found::Route((virtual_host, ..), index) => (virtual_host, index),
        };
        let route = &virtual_host.routes[index];
        match &route.action {
            Action::Redirect(redirect) => {
                let location = redirect.location(&self.headers, &route.matching);
                let mut headers = self.headers.clone();
                redirect.rewrite(&mut headers, &route.matching, self.keeps_original);
                answer.headers_upstream = Some(headers);
                Outcome {
                    location: Some(location),
                    ..self.reply(Kind::Redirect, redirect.status, None, "direct_response")
                }
            }
            Action::DirectResponse(status) => {
                // A status of redirects comes with the address of the request itself.
                let has_location = *status == 201 || (300..400).contains(status);
                let location = has_location.then(|| Redirect::default().location(&self.headers, &RouteMatch::none()));
                Outcome { location, ..self.reply(Kind::DirectResponse, *status, None, "direct_response") }
            }
            Action::NonForwarding | Action::Unknown => {
                answer.notes.push(format!("the action of route {index} of {} is not evaluated", virtual_host.name));
                self.reply(Kind::NoRoute, 404, Some("NR"), "route_not_found")
            }
            Action::Route(action) => self.forward(answer, virtual_host, index, action),
        }
    }

    fn forward(
        &mut self,
        answer: &mut Answer<'p>,
        virtual_host: &'p VirtualHost,
        index: usize,
        action: &'p RouteAction,
    ) -> Outcome {
        let route = &virtual_host.routes[index];
        let named: WeightedCluster;
        let list: &[WeightedCluster] = match &action.clusters {
            route::Clusters::Weighted(list) => list,
            route::Clusters::Header(header) => {
                named = WeightedCluster::only(self.headers.get(header).unwrap_or_default());
                std::slice::from_ref(&named)
            }
            route::Clusters::Unknown => {
                answer.notes.push("an extension chooses the cluster".to_owned());
                &[]
            }
        };
        let name = |cluster: &WeightedCluster| -> Cow<'p, str> {
            let by_header = cluster.header.as_ref().and_then(|header| self.headers.get(header));
            Cow::Owned(by_header.unwrap_or(&cluster.name).to_owned())
        };
        answer.clusters = shares(self.proxy, list.iter().map(|cluster| (name(cluster), cluster.weight)));
        let weights = list.iter().map(|cluster| u64::from(cluster.weight));
        answer.random = self.runtime.map(|runtime| action.random(&self.headers, runtime.random));
        let place = match answer.random {
            Some(random) => route::pick(weights, random),
            None => main_cluster(&answer.clusters)
                .and_then(|main| list.iter().position(|cluster| name(cluster) == main.name)),
        };
        let Some((index, cluster)) = place.and_then(|index| Some((index, list.get(index)?))) else {
            return self.reply(Kind::NoRoute, action.cluster_not_found, Some("NC"), "cluster_not_found");
        };
        let main = name(cluster);
        self.picked = Some(index);
        let reached = reach(self.proxy, &main, self.clusters);
        let not_found = || self.reply(Kind::NoRoute, action.cluster_not_found, Some("NC"), "cluster_not_found");
        // Where only names count, what the route does to a request is told all the same.
        if reached == Reach::NoCluster && self.clusters != Clusters::Named {
            return not_found();
        }
        let dns_name = self.proxy.cluster(&main).and_then(|(cluster, endpoints)| {
            let is_dns = matches!(cluster.discovery, Discovery::StrictDns | Discovery::LogicalDns);
            endpoints.list.first().filter(|_| is_dns).map(|endpoint| endpoint.hostname.as_str())
        });
        let mut levels = self.levels([
            self.route_config.map(|config| &config.request_headers),
            Some(&virtual_host.request_headers),
            Some(&route.request_headers),
        ]);
        // A weighted cluster changes headers before all of them.
        levels.insert(0, &cluster.request_headers);
        let mut headers = self.headers.clone();
        let mut changes = Changes::default();
        let (client, local) = (self.client.to_string(), self.request.destination.to_string());
        let variables = self.variables(&client, &local, &route.name);
        for level in levels.into_iter().filter(|level| !level.is_empty()) {
            level.apply(&mut headers, &variables, &mut changes);
        }
        action.rewrite(&mut headers, &route.matching, cluster, dns_name, self.keeps_original);
        answer.upstream = Some(Upstream {
            path: headers.path().to_owned(),
            authority: headers.authority().to_owned(),
            set: changes.set,
            append: changes.append,
            remove: changes.remove,
        });
        answer.headers_upstream = Some(headers);
        match reached {
            Reach::NoCluster => not_found(),
            Reach::NoEndpoint => self.reply(Kind::NoEndpoint, 503, Some("UH"), "no_healthy_upstream"),
            Reach::BlackHole => self.reply(Kind::BlackHole, 503, Some("UH"), "no_healthy_upstream"),
            reached => Outcome {
                kind: if reached == Reach::Passthrough { Kind::Passthrough } else { Kind::Forwarded },
                status: Some(200),
                flags: self.flags(None),
                details: "via_upstream".to_owned(),
                location: None,
            },
        }
    }

    /// Returns changes of headers in the order in which they happen; given are those of the route configuration, the virtual host and
    /// the route.
    fn levels(&self, levels: [Option<&'p HeaderMutation>; 3]) -> Vec<&'p HeaderMutation> {
        let mut levels: Vec<&HeaderMutation> = levels.into_iter().flatten().collect();
        if !self.route_config.is_some_and(|config| config.most_specific_wins) {
            levels.reverse();
        }
        levels
    }

    fn variables<'v>(&'v self, client: &'v str, local: &'v str, route: &'v str) -> Variables<'v> {
        let peer = self.request.tls.as_ref().and_then(|tls| tls.certificate.as_ref()?.uris.first());
        Variables {
            protocol: match self.request.version {
                Version::Http10 => "HTTP/1.0",
                Version::Http11 => "HTTP/1.1",
                Version::Http2 => "HTTP/2",
            },
            client,
            local,
            server_name: &self.inspected.server_name,
            peer: peer.map(String::as_str).unwrap_or_default(),
            route,
        }
    }

    /// Returns the headers that a response gets.
    pub(super) fn response_headers(&self, virtual_host: &'p VirtualHost, index: usize) -> Vec<(String, String)> {
        let route = &virtual_host.routes[index];
        let mut levels = self.levels([
            self.route_config.map(|config| &config.response_headers),
            Some(&virtual_host.response_headers),
            Some(&route.response_headers),
        ]);
        if let (Action::Route(action), Some(picked)) = (&route.action, self.picked)
            && let route::Clusters::Weighted(list) = &action.clusters
            && let Some(cluster) = list.get(picked)
        {
            levels.insert(0, &cluster.response_headers);
        }
        let mut headers = Headers::default();
        let body = route.body.pointer("/direct_response/body/inline_string").and_then(Value::as_str);
        if let Some(body) = body.filter(|body| !body.is_empty()) {
            headers.append("content-type", "text/plain");
            headers.append("content-length", body.len().to_string());
        }
        let (client, local) = (self.client.to_string(), self.request.destination.to_string());
        let variables = self.variables(&client, &local, &route.name);
        for level in levels.into_iter().filter(|level| !level.is_empty()) {
            level.apply(&mut headers, &variables, &mut Changes::default());
        }
        headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}
