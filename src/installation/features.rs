//! The switches of istiod that change what is served to proxies: one table, from which both the values and the list come.
//!
//! istiod: `pilot/pkg/features/*.go`, `pkg/features/security.go`, and where a comment names another file

use std::collections::BTreeMap;

use super::Duration;
use super::env::FromEnv;
use super::switch::{Effect, Switch};
use super::value::{CompliancePolicy, JwksFetchMode, Labels, NativeSidecars, Percent};
use crate::model::gateway_api::KnownClasses;

/// What the environment of an istiod says, by name of the variable.
pub type Environment = BTreeMap<String, String>;

/// Makes [`Features`] and the table of its switches: what a switch changes, the field and its type, the variable, the default of
/// 1.30.3 as text, and the file of the rule that honours it (below `src`; empty for none).
///
/// A switch of the list `ambient` has its default by whether ambient mode is on, and no other value where it is off. istiod:
/// `ambient.go` `registerAmbient`
macro_rules! switches {
    (
        plain {$(
            #[doc = $doc:literal]
            $field:ident: $type:ty = $name:literal, $default:literal, $rule:literal;
        )*}
        ambient {$(
            #[doc = $ambient_doc:literal]
            $ambient_field:ident: $ambient_type:ty = $ambient_name:literal, $with:literal or $without:literal, $ambient_rule:literal;
        )*}
    ) => {
        /// The switches, each with its value.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Features {
            $( #[doc = $doc] #[doc = ""] #[doc = concat!("`", $name, "`, by default `", $default, "`")] pub $field: $type, )*
            $(
                #[doc = $ambient_doc]
                #[doc = ""]
                #[doc = concat!("`", $ambient_name, "`, by default `", $with, "` in ambient mode")]
                pub $ambient_field: $ambient_type,
            )*
        }

        impl Features {
            /// Reads the switches; one that istiod cannot read has its default.
            pub fn new(environment: &Environment) -> Self {
                let ambient = value(environment, "PILOT_ENABLE_AMBIENT", "false");
                let nothing = Environment::new();
                let of_ambient = if ambient { environment } else { &nothing };
                Self {
                    $( $field: value(environment, $name, $default), )*
                    $( $ambient_field: value(of_ambient, $ambient_name, if ambient { $with } else { $without }), )*
                }
            }
        }

        /// The switches that change what is served.
        pub(super) const SERVED: &[Switch] = &[
            $( Switch {
                name: $name,
                kind: <$type as FromEnv>::KIND,
                default: $default,
                effect: Effect::Served { changes: $doc, rule: $rule },
            }, )*
            $( Switch {
                name: $ambient_name,
                kind: <$ambient_type as FromEnv>::KIND,
                default: $without,
                effect: Effect::Served { changes: $ambient_doc, rule: $ambient_rule },
            }, )*
        ];
    };
}

switches! {
    plain {
        /// Accepts HTTP/1.0 on all listeners.
        http10: bool = "PILOT_HTTP10", "false", "translate/listener/http1.rs";
        /// Binds a Gateway only to workloads of its own namespace.
        scope_gateway_to_namespace: bool = "PILOT_SCOPE_GATEWAY_TO_NAMESPACE", "false", "mesh/gateway/select.rs";
        /// Who fetches the keys of a `jwksUri`: istiod, or Envoy where it knows a cluster for it.
        jwks_fetch_mode: JwksFetchMode = "PILOT_JWT_ENABLE_REMOTE_JWKS", "false", "translate/security/authentication/jwks.rs";
        /// How many queries a DNS resolver sends from one port.
        dns_cares_udp_max_queries: u32 = "PILOT_DNS_CARES_UDP_MAX_QUERIES", "100", "translate/cluster/dns.rs";
        /// By how much clusters with DNS resolution spread their queries.
        dns_jitter: Duration = "PILOT_DNS_JITTER_DURATION", "100ms", "translate/cluster/dns.rs";
        /// Lets the selectors of ServiceEntries select Pods.
        service_entry_select_pods: bool = "PILOT_ENABLE_SERVICEENTRY_SELECT_PODS", "true", "mesh/index.rs";
        /// Lets the selectors of Kubernetes Services select WorkloadEntries.
        k8s_select_workload_entries: bool = "PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES", "true", "mesh/index.rs";
        /// Leaves the protocol `istio-peer-exchange` out of TLS handshakes.
        disable_mx_alpn: bool = "PILOT_DISABLE_MX_ALPN", "false", "translate/listener/tls_context/mod.rs";
        /// Puts `istio.alpn` into outbound HTTP filters.
        alpn_filter: bool = "PILOT_ENABLE_ALPN_FILTER", "true", "translate/listener/http_filters.rs";
        /// Takes the health of WorkloadEntries from their status.
        workload_entry_health_checks: bool = "PILOT_ENABLE_WORKLOAD_ENTRY_HEALTHCHECKS", "true", "mesh/index.rs";
        /// Gives ServiceEntries without addresses some by a controller that writes them to the status.
        ip_autoallocate: bool = "PILOT_ENABLE_IP_AUTOALLOCATE", "true", "mesh/index.rs";
        /// Where the controller takes IPv4 addresses from.
        ip_autoallocate_ipv4_prefix: String = "PILOT_IP_AUTOALLOCATE_IPV4_PREFIX", "240.240.0.0/16", "expand/service_entry.rs";
        /// Where the controller takes IPv6 addresses from.
        ip_autoallocate_ipv6_prefix: String = "PILOT_IP_AUTOALLOCATE_IPV6_PREFIX", "2001:2::/48", "expand/service_entry.rs";
        /// Names a second ConfigMap with mesh config, over which that of istiod is laid.
        shared_mesh_config: String = "SHARED_MESH_CONFIG", "", "ingest/mesh_settings.rs";
        /// Merges virtual hosts of a gateway that have the same routes.
        route_collapse: bool = "PILOT_ENABLE_ROUTE_COLLAPSE_OPTIMIZATION", "true", "translate/route/gateway/mod.rs";
        /// Resolves host names of gateways to other networks.
        resolve_hostname_gateways: bool = "RESOLVE_HOSTNAME_GATEWAYS", "true", "";
        /// Takes labelled Gateways of the Gateway API for gateways to other networks.
        multi_network_gateway_api: bool = "PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API", "true", "mesh/index.rs";
        /// Tells the canonical service of endpoints outside of the mesh.
        canonical_service_for_mesh_external: bool = "LABEL_CANONICAL_SERVICES_FOR_MESH_EXTERNAL_SERVICE_ENTRIES", "false", "translate/endpoint/workload.rs";
        /// The only namespace that istiod watches.
        watch_namespace: String = "ISTIO_WATCH_NAMESPACE", "", "control_plane/unread.rs";
        /// Applies policies with a selector to Gateways of the Gateway API.
        selector_based_gateway_policy: bool = "ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY", "true", "proxy/selection.rs";
        /// Gives the outbound listener of IPv6-only proxies an IPv4 address too.
        additional_ipv4_outbound_listener: bool = "ISTIO_ENABLE_IPV4_OUTBOUND_LISTENER_FOR_IPV6_CLUSTERS", "false", "translate/listener/outbound/virtual_outbound.rs";
        /// The name of the GatewayClass that istiod makes.
        default_gateway_class: String = "PILOT_GATEWAY_API_DEFAULT_GATEWAYCLASS_NAME", "istio", "installation/features.rs";
        /// The controller of the GatewayClasses that are istiod's.
        gateway_controller: String = "PILOT_GATEWAY_API_CONTROLLER_NAME", "istio.io/gateway-controller", "installation/features.rs";
        /// Prefers a DestinationRule's TLS mode to what endpoints outside of the mesh would take.
        prefer_destination_rule_tls: bool = "PREFER_DESTINATIONRULE_TLS_FOR_EXTERNAL_SERVICES", "true", "translate/cluster/tls/settings.rs";
        /// Lets Gateways of the Gateway API bind to gateways that are there already.
        gateway_api_manual_deployment: bool = "ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT", "true", "mesh/gateway_api/address.rs";
        /// How many connections a listener accepts at a time; zero for all that wait.
        max_connections_per_socket_event: i64 = "MAX_CONNECTIONS_PER_SOCKET_EVENT_LOOP", "1", "translate/listener/limits.rs";
        /// Adds the host name with a dot at its end to the domains of virtual hosts.
        absolute_fqdn_domain: bool = "PILOT_ENABLE_ABSOLUTE_FQDN_VHOST_DOMAIN", "true", "translate/route/alternate_domains.rs";
        /// Whether sidecars are init containers that keep running.
        native_sidecars: NativeSidecars = "ENABLE_NATIVE_SIDECARS", "auto", "expand/inject/mod.rs";
        /// Leaves `-shadow` out of the host of mirrored requests.
        disable_shadow_host_suffix: bool = "DISABLE_SHADOW_HOST_SUFFIX", "true", "translate/route/mirror.rs";
        /// How many hosts a proxy keeps the addresses of where it sends requests to any host.
        allow_any_dynamic_dns_max_hosts: i64 = "PILOT_ALLOW_ANY_DYNAMIC_DNS_MAX_HOSTS", "1024", "translate/dns_cache.rs";
        /// Leaves out the metrics of what circuit breakers have left.
        disable_track_remaining: bool = "DISABLE_TRACK_REMAINING_CB_METRICS", "true", "translate/cluster/circuit_breakers.rs";
        /// Addresses from which istiod fetches no keys.
        blocked_jwks_cidrs: String = "BLOCKED_CIDRS_IN_JWKS_URIS", "", "translate/security/authentication/jwks.rs";
        /// How long a TLS handshake may take; zero for as long as it likes.
        gateway_transport_socket_connect_timeout: Duration = "PILOT_GATEWAY_TRANSPORT_SOCKET_CONNECT_TIMEOUT", "15s", "translate/listener/limits.rs";
        /// Of a host in several namespaces prefers that of a Kubernetes Service.
        sidecar_pick_best_service_namespace: bool = "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE", "true", "proxy/scope.rs";
        /// Gives gateways only the clusters that their routes name.
        filter_gateway_cluster_config: bool = "PILOT_FILTER_GATEWAY_CLUSTER_CONFIG", "false", "translate/mod.rs";
        /// Serves endpoints that are not ready, as unhealthy.
        send_unhealthy_endpoints: bool = "PILOT_SEND_UNHEALTHY_ENDPOINTS", "false", "mesh/service.rs";
        /// Keeps the sessions of Services with a label on one endpoint.
        persistent_session_filter: bool = "PILOT_ENABLE_PERSISTENT_SESSION_FILTER", "false", "translate/route/persistent_session.rs";
        /// The label that names the cookie of a session.
        persistent_session_label: String = "PILOT_PERSISTENT_SESSION_LABEL", "istio.io/persistent-session", "translate/route/persistent_session.rs";
        /// The label that names the header of a session.
        persistent_session_header_label: String = "PILOT_PERSISTENT_SESSION_HEADER_LABEL", "istio.io/persistent-session-header", "translate/route/persistent_session.rs";
        /// The label of endpoints that take no new sessions.
        draining_label: String = "PILOT_DRAINING_LABEL", "istio.io/draining", "translate/endpoint/lb_endpoint.rs";
        /// Keeps Services that are not exported inside of their cluster.
        mcs_service_discovery: bool = "ENABLE_MCS_SERVICE_DISCOVERY", "false", "";
        /// Serves a host in `clusterset.local` for each exported Service.
        mcs_host: bool = "ENABLE_MCS_HOST", "false", "";
        /// Keeps hosts in `cluster.local` inside of their cluster.
        mcs_cluster_local: bool = "ENABLE_MCS_CLUSTER_LOCAL", "false", "";
        /// Reads the Gateway API.
        gateway_api: bool = "PILOT_ENABLE_GATEWAY_API", "true", "control_plane/unread.rs";
        /// Copies the labels and annotations of a Gateway to what is deployed for it.
        gateway_api_copy_labels: bool = "PILOT_ENABLE_GATEWAY_API_COPY_LABELS_ANNOTATIONS", "true", "expand/gateway/mod.rs";
        /// Reads the kinds and fields of the Gateway API that are not final.
        alpha_gateway_api: bool = "PILOT_ENABLE_ALPHA_GATEWAY_API", "false", "mesh/gateway_api/listener.rs";
        /// Deploys a gateway for each Gateway of the Gateway API.
        gateway_api_deployment_controller: bool = "PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER", "true", "expand/gateway/mod.rs";
        /// Adds HTTP/3 beside HTTPS where the gateway's Service has the port over UDP.
        quic_listeners: bool = "PILOT_ENABLE_QUIC_LISTENERS", "false", "";
        /// Honours `tls` of a Sidecar's ingress listeners.
        tls_on_sidecar_ingress: bool = "ENABLE_TLS_ON_SIDECAR_INGRESS", "false", "translate/listener/inbound/sidecar_ingress.rs";
        /// Takes addresses of the mesh networks for internal ones.
        hcm_internal_networks: bool = "ENABLE_HCM_INTERNAL_NETWORKS", "false", "translate/listener/http_connection_manager.rs";
        /// Serves the ports of Services beside a Sidecar's ingress listeners.
        sidecar_inbound_listener_merge: bool = "PILOT_ALLOW_SIDECAR_SERVICE_INBOUND_LISTENER_MERGE", "false", "translate/listener/inbound/mod.rs";
        /// Serves both families of addresses.
        dual_stack: bool = "ISTIO_DUAL_STACK", "false", "translate/endpoint/lb_endpoint.rs";
        /// Passes `100 Continue` on.
        proxy_100_continue: bool = "ENABLE_100_CONTINUE_HEADERS", "true", "translate/listener/http_connection_manager.rs";
        /// Balances all clusters by the weights of localities.
        locality_weighted_lb: bool = "ENABLE_LOCALITY_WEIGHTED_LB_CONFIG", "false", "translate/cluster/common_lb_config.rs";
        /// Keeps DestinationRules of a host apart when their `exportTo` differ.
        enhanced_destination_rule_merge: bool = "ENABLE_ENHANCED_DESTINATIONRULE_MERGE", "true", "mesh/destination_rule.rs";
        /// Chooses the VirtualServices and Services of a Sidecar's hosts in one way.
        unified_sidecar_scope: bool = "PILOT_UNIFIED_SIDECAR_SCOPE", "true", "proxy/scope.rs";
        /// Routes to InferencePools.
        gateway_api_inference_extension: bool = "ENABLE_GATEWAY_API_INFERENCE_EXTENSION", "false", "";
        /// Kinds that istiod does not read.
        ignore_resources: String = "PILOT_IGNORE_RESOURCES", "", "control_plane/unread.rs";
        /// Kinds that istiod reads although `PILOT_IGNORE_RESOURCES` names them.
        include_resources: String = "PILOT_INCLUDE_RESOURCES", "", "control_plane/unread.rs";
        /// Accepts clients of any trust domain.
        skip_validate_trust_domain: bool = "PILOT_SKIP_VALIDATE_TRUST_DOMAIN", "false", "translate/listener/tls_context/mod.rs";
        /// Lets a workload have several providers of `CUSTOM` authorization.
        multiple_custom_authz_providers: bool = "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS", "false", "translate/security/authorization/custom.rs";
        /// How many requests are traced, in percent, where nothing else says it.
        trace_sampling: Percent = "PILOT_TRACE_SAMPLING", "1", "translate/telemetry/tracing_block.rs";
        /// Tells clusters and endpoints what they are, for telemetry.
        telemetry_label: bool = "PILOT_ENABLE_TELEMETRY_LABEL", "true", "translate/cluster/metadata.rs";
        /// Tells endpoints what they are, for telemetry.
        endpoint_telemetry_label: bool = "PILOT_ENDPOINT_TELEMETRY_LABEL", "true", "translate/endpoint/lb_endpoint.rs";
        /// Exchanges metadata with the other proxy, for telemetry.
        metadata_exchange: bool = "PILOT_ENABLE_METADATA_EXCHANGE", "true", "translate/listener/metadata_exchange.rs";
        /// Labels to exchange besides.
        mx_additional_labels: Labels = "PILOT_MX_ADDITIONAL_LABELS", "", "translate/listener/metadata_exchange.rs";
        /// Gives each request of a gateway a span of its own.
        spawn_upstream_span_for_gateway: bool = "PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY", "true", "translate/telemetry/tracing_provider/mod.rs";
        /// Reads the MySQL protocol.
        mysql_filter: bool = "PILOT_ENABLE_MYSQL_FILTER", "false", "translate/listener/network_filters.rs";
        /// Reads the Redis protocol.
        redis_filter: bool = "PILOT_ENABLE_REDIS_FILTER", "false", "translate/listener/network_filters.rs";
        /// Reads the MongoDB protocol.
        mongo_filter: bool = "PILOT_ENABLE_MONGO_FILTER", "true", "translate/listener/network_filters.rs";
        /// Trusts the address of the connection on outbound listeners.
        sidecar_use_remote_address: bool = "PILOT_SIDECAR_USE_REMOTE_ADDRESS", "false", "translate/listener/outbound/http_chain.rs";
        /// Discovers the endpoints of headless Services, to balance among them.
        eds_for_headless: bool = "PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES", "false", "translate/cluster/discovery_type.rs";
        /// Restricts the versions, ciphers and curves of TLS.
        compliance_policy: CompliancePolicy = "COMPLIANCE_POLICY", "", "translate/security/compliance.rs";
        /// The namespace of the gateway for Ingresses.
        ingress_namespace: String = "K8S_INGRESS_NS", "istio-system", "mesh/ingress/mod.rs";
        /// Ambient mode: waypoints, and HBONE to what is in the mesh without a sidecar.
        ambient: bool = "PILOT_ENABLE_AMBIENT", "false", "mesh/index.rs";
        /// Enforces policies with a selector in front of the waypoint.
        layered_waypoint_authorization_policies: bool = "ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES", "false", "translate/security/authorization/mod.rs";
        /// Serves TLS ports of ServiceEntries with wildcard hosts and dynamic DNS at waypoints.
        wildcard_host_service_entries_for_tls: bool = "ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS", "false", "translate/cluster/waypoint.rs";
    }
    ambient {
        /// Serves waypoints.
        ambient_waypoints: bool = "PILOT_ENABLE_AMBIENT_WAYPOINTS", "true" or "false", "proxy/waypoint.rs";
        /// Sends HBONE to endpoints that take it.
        hbone_send: bool = "PILOT_ENABLE_SENDING_HBONE", "true" or "false", "proxy/view.rs";
        /// Lets sidecars take HBONE.
        sidecar_hbone_listening: bool = "PILOT_ENABLE_SIDECAR_LISTENING_HBONE", "true" or "false", "proxy/view.rs";
        /// Prefers HBONE to mutual TLS.
        prefer_hbone_send: bool = "PILOT_PREFER_SENDING_HBONE", "false" or "false", "translate/endpoint/tunnel.rs";
        /// Lets gateways send to the waypoints of Services that ask for it.
        ingress_waypoint_routing: bool = "ENABLE_INGRESS_WAYPOINT_ROUTING", "true" or "false", "translate/endpoint/ingress_waypoint.rs";
        /// Ambient mode over several networks.
        ambient_multi_network: bool = "AMBIENT_ENABLE_MULTI_NETWORK", "false" or "false", "translate/endpoint/network.rs";
        /// Takes the metadata of the other side from the header `baggage`.
        ambient_baggage: bool = "AMBIENT_ENABLE_BAGGAGE", "false" or "false", "translate/cluster/baggage.rs";
        /// Lets waypoints send to other networks.
        ambient_waypoint_multi_network: bool = "AMBIENT_ENABLE_MULTI_NETWORK_WAYPOINT", "true" or "false", "translate/endpoint/network.rs";
        /// Lets gateways send to other networks.
        ambient_ingress_multi_network: bool = "AMBIENT_ENABLE_MULTI_NETWORK_INGRESS", "false" or "false", "translate/endpoint/network.rs";
        /// The first window of a stream of HBONE, in bytes; zero for Envoy's.
        hbone_initial_stream_window_size: Option<u32> = "PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE", "0" or "0", "translate/cluster/http_protocol_options.rs";
        /// The first window of a connection of HBONE, in bytes; zero for Envoy's.
        hbone_initial_connection_window_size: Option<u32> = "PILOT_HBONE_INITIAL_CONNECTION_WINDOW_SIZE", "0" or "0", "translate/cluster/http_protocol_options.rs";
    }
}

impl Features {
    /// Returns the classes of Gateways that istiod knows without their being written.
    ///
    /// istiod: `classinfo.go` `GetBuiltinGatewayClasses`
    pub fn known_classes(&self) -> KnownClasses<'_> {
        KnownClasses {
            own_class: &self.default_gateway_class,
            own_controller: &self.gateway_controller,
            remote: self.multi_network_gateway_api,
            waypoint: self.ambient_waypoints,
            east_west: self.ambient_multi_network,
        }
    }
}

impl Default for Features {
    /// The switches of a default install.
    fn default() -> Self {
        Self::new(&Environment::new())
    }
}

/// Reads a variable. The default is readable.
fn value<T: FromEnv>(environment: &Environment, name: &str, default: &str) -> T {
    let given = environment.get(name).and_then(|text| T::from_env(text));
    given.or_else(|| T::from_env(default)).unwrap_or_else(|| unreadable(name, default))
}

/// The tests read every default.
#[expect(clippy::panic, reason = "a default that is wrong is a mistake in the table above")]
fn unreadable<T>(name: &str, default: &str) -> T {
    panic!("the default {default:?} of {name} is none of its type")
}
