//! `consistentHash`, the route's half: what of a request is hashed.
//!
//! istiod: `route.go` `consistentHashToHashPolicy`, `HashForHTTPDestination`, `hashForService`

use crate::envoy::{
    RouteActionHashPolicy, RouteActionHashPolicyConnectionProperties, RouteActionHashPolicyCookie,
    RouteActionHashPolicyCookieAttribute, RouteActionHashPolicyHeader,
    RouteActionHashPolicyPolicySpecifier as Specifier, RouteActionHashPolicyQueryParameter,
};
use crate::model::istio::{
    Destination, LoadBalancerSettings, LoadBalancerSettingsConsistentHashLb,
    LoadBalancerSettingsConsistentHashLbHashKey, LoadBalancerSettingsConsistentHashLbHttpCookie,
    LoadBalancerSettingsLbPolicy, TrafficPolicy,
};
use crate::proxy::OutboundView;
use crate::translate::duration::duration;

/// `DestinationRule.trafficPolicy.loadBalancer.consistentHash` -> `RouteAction.hash_policy`
///
/// istiod: `route.go` `consistentHashToHashPolicy`
pub(super) fn hash_policy(hash: &LoadBalancerSettingsConsistentHashLb) -> Option<RouteActionHashPolicy> {
    let specifier = match hash.hash_key.as_ref()? {
        LoadBalancerSettingsConsistentHashLbHashKey::HttpHeaderName(name) => {
            Specifier::Header(RouteActionHashPolicyHeader { header_name: name.clone(), ..Default::default() })
        }
        LoadBalancerSettingsConsistentHashLbHashKey::HttpCookie(http_cookie) => Specifier::Cookie(cookie(http_cookie)),
        LoadBalancerSettingsConsistentHashLbHashKey::UseSourceIp(source_ip) => {
            Specifier::ConnectionProperties(RouteActionHashPolicyConnectionProperties { source_ip: *source_ip })
        }
        LoadBalancerSettingsConsistentHashLbHashKey::HttpQueryParameterName(name) => {
            Specifier::QueryParameter(RouteActionHashPolicyQueryParameter { name: name.clone() })
        }
    };
    Some(RouteActionHashPolicy { policy_specifier: Some(specifier), ..RouteActionHashPolicy::default() })
}

fn cookie(cookie: &LoadBalancerSettingsConsistentHashLbHttpCookie) -> RouteActionHashPolicyCookie {
    let LoadBalancerSettingsConsistentHashLbHttpCookie { name, path, ttl, attributes } = cookie;
    let attributes = attributes
        .iter()
        .map(|a| RouteActionHashPolicyCookieAttribute { name: a.name.clone(), value: a.value.clone() })
        .collect();
    RouteActionHashPolicyCookie { name: name.clone(), ttl: ttl.map(duration), path: path.clone(), attributes }
}

/// Returns the hash for a route without a VirtualService: that of the port, else that of the rule.
///
/// istiod: `route.go` `hashForService`
pub(super) fn for_service<'a>(
    view: &OutboundView<'a>,
    hostname: &str,
    port: u32,
) -> Option<&'a LoadBalancerSettingsConsistentHashLb> {
    let policy = view.destination_rule(hostname)?.rule.spec.traffic_policy.as_ref();
    of_port(policy, port).or_else(|| of_policy(policy))
}

/// Returns the hash for a destination of a VirtualService: that of the subset's port, else of the subset, else of the rule's port,
/// else of the rule. The port counts only if the destination names it.
///
/// istiod: `route.go` `HashForHTTPDestination`
pub(super) fn for_destination<'a>(
    view: &OutboundView<'a>,
    destination: &Destination,
) -> Option<&'a LoadBalancerSettingsConsistentHashLb> {
    let rule = &view.destination_rule(&destination.host)?.rule.spec;
    let policy = rule.traffic_policy.as_ref();
    let subset = rule.subsets.iter().find(|s| s.name == destination.subset).and_then(|s| s.traffic_policy.as_ref());
    let of_port = |policy| of_port(policy, destination.port.as_ref()?.number);
    of_port(subset).or_else(|| of_policy(subset)).or_else(|| of_port(policy)).or_else(|| of_policy(policy))
}

/// Returns the hash for the default route of a waypoint to one of its services: that of the rule, whatever it says of ports and
/// subsets; rules that select workloads do not count.
///
/// istiod: `httproute.go` `buildSidecarInboundHTTPRouteConfig`
pub(super) fn at_waypoint<'a>(
    view: &OutboundView<'a>,
    hostname: &str,
) -> Option<&'a LoadBalancerSettingsConsistentHashLb> {
    of_policy(view.inbound_destination_rule(hostname)?.rule.spec.traffic_policy.as_ref())
}

fn of_policy(policy: Option<&TrafficPolicy>) -> Option<&LoadBalancerSettingsConsistentHashLb> {
    consistent_hash(policy?.load_balancer.as_ref())
}

fn of_port(policy: Option<&TrafficPolicy>, port: u32) -> Option<&LoadBalancerSettingsConsistentHashLb> {
    let settings = policy?.port_level_settings.iter().find(|s| s.port.as_ref().map_or(0, |p| p.number) == port)?;
    consistent_hash(settings.load_balancer.as_ref())
}

fn consistent_hash(load_balancer: Option<&LoadBalancerSettings>) -> Option<&LoadBalancerSettingsConsistentHashLb> {
    match load_balancer?.lb_policy.as_ref()? {
        LoadBalancerSettingsLbPolicy::ConsistentHash(hash) => Some(hash),
        LoadBalancerSettingsLbPolicy::Simple(_) => None,
    }
}
