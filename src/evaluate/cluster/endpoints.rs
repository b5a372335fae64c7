//! Which endpoints get requests, and how many of them. Envoy: `load_balancer_impl.cc`, for a balancer that looks at weights only.

use serde_json::Value;

use super::{Cluster, UpstreamTls};
use crate::evaluate::message::Message;

/// Percent of what a priority can take of its endpoints' health before the next one gets requests.
const OVERPROVISIONING: f64 = 140.0;

/// Endpoints of a cluster.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::evaluate) struct Endpoints {
    /// All, also those that get nothing.
    pub(in crate::evaluate) list: Vec<Endpoint>,
    /// So few are healthy that health is not looked at.
    pub(in crate::evaluate) is_panic: bool,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::evaluate) struct Endpoint {
    /// `10.0.0.1:9080`, or the path of a socket.
    pub(in crate::evaluate) address: String,
    /// The name of the host, where it is a name.
    pub(in crate::evaluate) hostname: String,
    /// Which others come first.
    pub(in crate::evaluate) priority: u32,
    /// `region/zone/subzone`
    pub(in crate::evaluate) locality: String,
    /// Its weight in its locality.
    pub(in crate::evaluate) weight: u32,
    /// `HEALTHY`, `UNHEALTHY`, `DRAINING`; empty when nothing is known.
    pub(in crate::evaluate) health: String,
    /// The share of requests that it gets, from 0 to 1.
    pub(in crate::evaluate) share: f64,
    /// The TLS that is spoken with it.
    pub(in crate::evaluate) tls: Option<UpstreamTls>,
    /// `metadata.filter_metadata`
    pub(in crate::evaluate) metadata: Option<Value>,
    is_healthy: bool,
    locality_weight: Option<u32>,
}

impl Endpoints {
    /// Reads the endpoints of an assignment.
    pub(in crate::evaluate) fn new(cluster: &Cluster, assignment: Option<&Value>) -> Self {
        let Some(assignment) = assignment.map(Message) else { return Self::default() };
        let factor = assignment.get("policy").and_then(|policy| policy.unsigned("overprovisioning_factor"));
        let by_locality = cluster.body.pointer("/common_lb_config/locality_weighted_lb_config").is_some();
        let mut list = Vec::new();
        for locality in assignment.list("endpoints") {
            let name = locality.get("locality").map(locality_name).unwrap_or_default();
            let priority = locality.unsigned("priority").unwrap_or_default();
            let weight = locality.unsigned("load_balancing_weight").filter(|_| by_locality);
            for endpoint in locality.list("lb_endpoints") {
                list.extend(Endpoint::new(cluster, endpoint, priority, &name, weight));
            }
        }
        let mut out = Self { list, is_panic: false };
        out.share_out(factor.map_or(OVERPROVISIONING, f64::from), cluster.panic_threshold);
        out
    }

    /// Says whether no endpoint gets requests.
    pub(in crate::evaluate) fn is_empty(&self) -> bool {
        self.list.iter().all(|endpoint| endpoint.share <= 0.0)
    }

    fn share_out(&mut self, factor: f64, panic_threshold: f64) {
        let mut priorities: Vec<u32> = self.list.iter().map(|endpoint| endpoint.priority).collect();
        priorities.sort_unstable();
        priorities.dedup();
        let availability = |priority: u32| {
            let of = self.list.iter().filter(|e| e.priority == priority);
            let (count, healthy) = of.fold((0_u32, 0_u32), |(n, h), e| (n + 1, h + u32::from(e.is_healthy)));
            (f64::from(healthy) * factor / f64::from(count.max(1))).min(100.0)
        };
        let available: Vec<f64> = priorities.iter().map(|p| availability(*p)).collect();
        let total: f64 = available.iter().sum::<f64>().min(100.0);
        if total <= 0.0 {
            // All are unhealthy: each gets its part, unless panic is off.
            self.is_panic = panic_threshold > 0.0 && !self.list.is_empty();
            if self.is_panic
                && let Some(first) = priorities.first()
            {
                self.share_priority(*first, 1.0, true);
            }
            return;
        }
        let mut left = 100.0;
        for (priority, available) in priorities.into_iter().zip(available) {
            let load = (available * 100.0 / total).min(left);
            left -= load;
            let of = self.list.iter().filter(|e| e.priority == priority);
            let (count, healthy) = of.fold((0_u32, 0_u32), |(n, h), e| (n + 1, h + u32::from(e.is_healthy)));
            let percent = f64::from(healthy) * 100.0 / f64::from(count.max(1));
            let is_panic = total < 100.0 && percent < panic_threshold;
            self.is_panic |= is_panic;
            self.share_priority(priority, load / 100.0, is_panic);
        }
    }

    /// Shares out the part of one priority: by locality where localities have weights, then by endpoint.
    fn share_priority(&mut self, priority: u32, part: f64, ignores_health: bool) {
        let gets = |e: &Endpoint| e.priority == priority && (e.is_healthy || ignores_health);
        let weight_of = |locality: Option<&str>, list: &[Endpoint]| -> f64 {
            let of = list.iter().filter(|e| gets(e) && locality.is_none_or(|l| e.locality == l));
            of.map(|e| f64::from(e.weight)).sum()
        };
        let weighted: Vec<(String, f64)> = {
            let mut seen: Vec<(String, f64)> = Vec::new();
            for e in self.list.iter().filter(|e| gets(e)) {
                if let Some(weight) = e.locality_weight
                    && !seen.iter().any(|(l, _)| *l == e.locality)
                {
                    // A locality counts by the health of its endpoints, too.
                    let all = self.list.iter().filter(|o| o.priority == priority && o.locality == e.locality);
                    let (n, h) = all.fold((0_u32, 0_u32), |(n, h), o| (n + 1, h + u32::from(o.is_healthy)));
                    let health = if ignores_health { 1.0 } else { (1.4 * f64::from(h) / f64::from(n.max(1))).min(1.0) };
                    seen.push((e.locality.clone(), f64::from(weight) * health));
                }
            }
            seen
        };
        let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        let shares: Vec<(usize, f64)> = self
            .list
            .iter()
            .enumerate()
            .filter(|(_, e)| gets(e))
            .map(|(index, e)| {
                let (part, of) = match weighted.iter().find(|(l, _)| *l == e.locality) {
                    Some((locality, weight)) if total > 0.0 => (part * weight / total, Some(locality.as_str())),
                    _ => (part, None),
                };
                (index, part * f64::from(e.weight) / weight_of(of, &self.list).max(1.0))
            })
            .collect();
        for (index, share) in shares {
            self.list[index].share = share;
        }
    }
}

impl Endpoint {
    fn new(
        cluster: &Cluster,
        message: Message<'_>,
        priority: u32,
        locality: &str,
        locality_weight: Option<u32>,
    ) -> Option<Self> {
        let endpoint = message.get("endpoint")?;
        let address = endpoint.get("address")?;
        let (text, host) = if let Some(socket) = address.get("socket_address") {
            let host = socket.text("address").unwrap_or_default();
            let port = socket.unsigned("port_value").unwrap_or_default();
            let is_v6 = host.contains(':');
            (if is_v6 { format!("[{host}]:{port}") } else { format!("{host}:{port}") }, host)
        } else if let Some(pipe) = address.get("pipe") {
            (pipe.text("path").unwrap_or_default().to_owned(), "")
        } else {
            let internal = address.get("envoy_internal_address")?;
            let [listener, id] = ["server_listener_name", "endpoint_id"].map(|f| internal.text(f).unwrap_or_default());
            (format!("envoy://{listener}/{id}"), "")
        };
        let metadata = message.get("metadata").and_then(|metadata| metadata.get("filter_metadata"));
        let wanted = metadata.and_then(|metadata| metadata.get("envoy.transport_socket_match")).map(|m| m.0);
        let health = message.text("health_status").unwrap_or_default().to_owned();
        let is_name = host.parse::<std::net::IpAddr>().is_err();
        Some(Self {
            address: text,
            hostname: endpoint.text("hostname").unwrap_or(if is_name { host } else { "" }).to_owned(),
            priority,
            locality: locality.to_owned(),
            weight: message.unsigned("load_balancing_weight").unwrap_or(1),
            is_healthy: matches!(health.as_str(), "" | "HEALTHY" | "UNKNOWN" | "DEGRADED"),
            health,
            share: 0.0,
            tls: cluster.sockets.for_endpoint(wanted).cloned(),
            metadata: metadata.map(|metadata| metadata.0.clone()),
            locality_weight,
        })
    }
}

fn locality_name(locality: Message<'_>) -> String {
    let parts = ["region", "zone", "sub_zone"].map(|part| locality.text(part).unwrap_or_default());
    parts.join("/").trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shares(cluster: &Value, assignment: &Value) -> Vec<(String, f64)> {
        let endpoints = Endpoints::new(&Cluster::new(Message(cluster)), Some(assignment));
        endpoints.list.into_iter().map(|e| (e.address, (e.share * 100.0).round() / 100.0)).collect()
    }

    fn endpoint(address: &str, weight: u32, health: &str) -> Value {
        json!({
            "endpoint": { "address": { "socket_address": { "address": address, "port_value": 80 } } },
            "load_balancing_weight": weight, "health_status": health,
        })
    }

    #[test]
    fn weights_and_priorities_share_requests() {
        let assignment = json!({ "endpoints": [
            { "lb_endpoints": [endpoint("10.0.0.1", 3, "HEALTHY"), endpoint("10.0.0.2", 1, "HEALTHY")] },
            { "priority": 1, "lb_endpoints": [endpoint("10.0.0.3", 1, "HEALTHY")] },
        ] });
        let expected = [("10.0.0.1:80", 0.75), ("10.0.0.2:80", 0.25), ("10.0.0.3:80", 0.0)];
        assert_eq!(shares(&json!({ "name": "a" }), &assignment), expected.map(|(a, s)| (a.to_owned(), s)));
    }

    #[test]
    fn what_is_unhealthy_gives_to_the_next_priority() {
        let assignment = json!({ "endpoints": [
            { "lb_endpoints": [endpoint("10.0.0.1", 1, "HEALTHY"), endpoint("10.0.0.2", 1, "UNHEALTHY")] },
            { "priority": 1, "lb_endpoints": [endpoint("10.0.0.3", 1, "HEALTHY")] },
        ] });
        let expected = [("10.0.0.1:80", 0.7), ("10.0.0.2:80", 0.0), ("10.0.0.3:80", 0.3)];
        assert_eq!(shares(&json!({ "name": "a" }), &assignment), expected.map(|(a, s)| (a.to_owned(), s)));
    }
}
