//! The merge itself: which servers can stand on one port together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::mesh::gateway::select::Selected;
use crate::mesh::gateway::{
    GatewayServer, MergedGateway, MergedServers, Rejection, RejectionReason, Router, ServerPort, certificate,
    check_duplicates, port, route_name, server,
};
use crate::mesh::protocol::Protocol;

/// Merges servers Gateway by Gateway, port by port.
///
/// istiod: `gateway.go` `mergeGateways`
pub(super) fn merge(selected: &[Selected<'_>], router: &Router<'_>) -> MergedGateway {
    let mut merge = Merge::default();
    for selected in selected {
        for (index, spec) in selected.gateway.spec.servers.iter().enumerate() {
            let Some(server) = GatewayServer::new(selected.gateway, index, spec) else {
                merge.reject(selected, index, None, RejectionReason::NoPort);
                continue;
            };
            if let Some(host) = server::crashing_host(&spec.hosts) {
                merge.reject(selected, index, None, RejectionReason::IstiodPanics { host: host.to_owned() });
                continue;
            }
            merge.merged.gateway_names.insert(server.gateway_name.clone());
            merge.merged.verified_certificates.extend(certificate::verified(&server, router));
            let server = Arc::new(server);
            for number in port::listening_ports(server.port.number, selected) {
                if let Err(reason) = merge.place(&server, number) {
                    merge.reject(selected, index, Some(number), reason);
                }
            }
        }
    }
    let port_map = port_map(&merge.merged.servers_by_route_name);
    MergedGateway { port_map, ..merge.merged }
}

/// The merge so far.
#[derive(Default)]
struct Merge {
    merged: MergedGateway,
    /// The ports that have servers.
    used: BTreeSet<u32>,
    /// By port, the latest key that was opened by a server in the clear.
    plain_text: BTreeMap<u32, ServerPort>,
    /// By port and host, the latest address and server of those with TLS settings.
    tls_hosts: BTreeMap<u32, BTreeMap<String, (String, Arc<GatewayServer>)>>,
}

impl Merge {
    fn reject(&mut self, selected: &Selected<'_>, server: usize, port: Option<u32>, reason: RejectionReason) {
        self.merged.rejections.push(Rejection { gateway: selected.gateway.clone(), server, port, reason });
    }

    fn place(&mut self, server: &Arc<GatewayServer>, number: u32) -> Result<(), RejectionReason> {
        let route_name = server.route_name(number);
        if server.spec.tls.is_some() {
            self.claim_hosts(server, number)?;
            self.merged.contains_auto_passthrough |= server.is_auto_passthrough();
        }
        let port = ServerPort { number, protocol: server.port.protocol.clone(), bind: server.spec.bind.clone() };
        if self.used.insert(number) {
            self.open(server, port, route_name);
            return Ok(());
        }
        match self.plain_text.get(&number).cloned() {
            Some(current) => self.join_plain_text(server, port, &current, route_name),
            None if server.is_tls() => self.join_tls(server, port, route_name),
            None => {
                self.open(server, port, route_name);
                Ok(())
            }
        }
    }

    /// Hosts become the SNI matches of filter chains, which must differ; a redirect's hosts count too.
    fn claim_hosts(&mut self, server: &Arc<GatewayServer>, number: u32) -> Result<(), RejectionReason> {
        let known = self.tls_hosts.entry(number).or_default();
        let hosts = check_duplicates(&server.spec.hosts, &server.spec.bind, server, known);
        if hosts.is_empty() { Ok(()) } else { Err(RejectionReason::DuplicateHosts { hosts }) }
    }

    /// istiod: `gateway.go` `addPlainTextServer`
    fn open(&mut self, server: &Arc<GatewayServer>, port: ServerPort, route_name: String) {
        if !server.is_tls() {
            self.plain_text.insert(port.number, port.clone());
        }
        if server.is_http() {
            self.merged.servers_by_route_name.insert(route_name.clone(), vec![server.clone()]);
        }
        self.merged.ports.push(port.clone());
        self.merged.servers.insert(port, MergedServers { servers: vec![server.clone()], route_name });
    }

    /// A server in the clear is there already: on the same address, only plain HTTP joins plain HTTP.
    fn join_plain_text(
        &mut self,
        server: &Arc<GatewayServer>,
        port: ServerPort,
        current: &ServerPort,
        route_name: String,
    ) -> Result<(), RejectionReason> {
        let same_bind = current.bind == port.bind;
        if same_bind && !(server.protocol().is_http() && Protocol::parse(&current.protocol).is_http()) {
            let with = self.merged.servers.get(current).and_then(|m| m.servers.first());
            let with = with.expect("every key in `plain_text` was opened with a server").clone();
            return Err(RejectionReason::ProtocolConflict { with });
        }
        let key = if same_bind { current } else { &port };
        let Some(merged) = self.merged.servers.get_mut(key) else {
            self.open(server, port, route_name);
            return Ok(());
        };
        if !same_bind {
            merged.route_name.clone_from(&route_name);
        }
        merged.servers.push(server.clone());
        self.merged.servers_by_route_name.entry(route_name).or_default().push(server.clone());
        Ok(())
    }

    /// Only servers with TLS are there, and this is one more: SNI tells them apart.
    fn join_tls(
        &mut self,
        server: &Arc<GatewayServer>,
        port: ServerPort,
        route_name: String,
    ) -> Result<(), RejectionReason> {
        if server.is_http() {
            if let Some(by) = self.merged.servers_by_route_name.get(&route_name).and_then(|s| s.first()) {
                return Err(RejectionReason::RouteNameTaken { by: by.clone(), route_name });
            }
            self.merged.servers_by_route_name.insert(route_name, vec![server.clone()]);
        }
        if let Some(merged) = self.merged.servers.get_mut(&port) {
            merged.servers.push(server.clone());
        } else {
            self.merged.ports.push(port.clone());
            self.merged
                .servers
                .insert(port, MergedServers { servers: vec![server.clone()], route_name: String::new() });
        }
        Ok(())
    }
}

/// istiod: `gateway.go` `getTargetPortMap`
fn port_map(servers: &BTreeMap<String, Vec<Arc<GatewayServer>>>) -> BTreeMap<u32, BTreeSet<u32>> {
    let mut map = BTreeMap::<u32, BTreeSet<u32>>::new();
    for (name, servers) in servers {
        map.entry(route_name::parse(name).port).or_default().extend(servers.iter().map(|s| s.port.number));
    }
    map
}
