//! The rules of istioctl, one file for each of its analyzers or for a few that belong together.
//!
//! They look at the files as istioctl does, and give the lines that it gives. Where that makes a false alarm, the finding says so,
//! and is left out unless istioctl's own view is asked for.
//!
//! istiod: `pkg/config/analysis/analyzers`

mod annotation_table;
mod annotations;
mod authentication;
mod authorization;
mod certificate;
mod conditions;
mod deployment;
mod deprecation;
mod destination_rule;
mod destinations;
mod envoy_filter;
mod external_control_plane;
mod gateway;
mod gateway_api;
mod gateway_secret;
mod hosts;
mod in_mesh;
mod injection;
mod judge;
mod multicluster;
mod overlap;
mod proxy_image;
mod schema;
mod selector;
mod service;
mod service_entry;
mod telemetry;
mod virtual_service_destinations;
mod virtual_service_gateways;
mod virtual_service_hosts;
mod webhook;

use super::context::Typed;
use super::registry::Check;
use crate::model::istio::{Destination, VirtualService};

/// Returns the destinations of a VirtualService, with their paths.
pub(super) fn destinations<'c>(service: &Typed<'c, VirtualService>) -> Vec<(&'c Destination, String)> {
    destinations::all(service).into_iter().map(|place| (place.destination, place.path)).collect()
}

/// The checks, by the names of istioctl's analyzers.
pub(super) const CHECKS: &[Check] = &[
    Check::new("annotations.K8sAnalyzer", annotations::check),
    Check::new("annotations.AlphaAnalyzer", annotations::check_alpha),
    Check::new("authn.BlockedCIDRsAnalyzer", authentication::check),
    Check::new("auth.AuthorizationPoliciesAnalyzer", authorization::check),
    Check::new("conditions.ConditionAnalyzer", conditions::check),
    Check::new("deployment.MultiServiceAnalyzer", deployment::check_services),
    Check::new("applicationUID.Analyzer", deployment::check_user),
    Check::new("destinationrule.CaCertificateAnalyzer", destination_rule::check_certificates),
    Check::new("destinationrule.SubsetSelectPodAnalyzer", destination_rule::check_subsets),
    Check::new("deprecation.DeprecationAnalyzer", deprecation::check),
    Check::new("envoyfilter.EnvoyPatchAnalyzer", envoy_filter::check),
    Check::new("externalcontrolplane.ExternalControlPlaneAnalyzer", external_control_plane::check),
    Check::new("gateway.IngressGatewayPortAnalyzer", gateway::check_ports),
    Check::new("gateway.CertificateAnalyzer", gateway::check_certificates),
    Check::new("gateway.SecretAnalyzer", gateway_secret::check),
    Check::new("gateway.ConflictingGatewayAnalyzer", gateway::check_conflicts),
    Check::new("injection.Analyzer", injection::check),
    Check::new("injection.ImageAnalyzer", injection::check_images),
    Check::new("injection.ImageAutoAnalyzer", injection::check_auto),
    Check::new("k8sgateway.SelectorAnalyzer", gateway_api::check_selectors),
    Check::new("k8sgateway.CertificateAnalyzer", gateway_api::check_certificates),
    Check::new("k8sgateway.CRDVersionAnalyzer", gateway_api::check_versions),
    Check::new("meshnetworks.MeshNetworksAnalyzer", multicluster::check),
    Check::new("service.PortNameAnalyzer", service::check),
    Check::new("sidecar.SelectorAnalyzer", overlap::check_sidecars),
    Check::new("virtualservice.ConflictingMeshGatewayHostsAnalyzer", virtual_service_hosts::check),
    Check::new("virtualservice.DestinationHostAnalyzer", virtual_service_destinations::check_hosts),
    Check::new("virtualservice.DestinationRuleAnalyzer", virtual_service_destinations::check_subsets),
    Check::new("virtualservice.GatewayAnalyzer", virtual_service_gateways::check),
    Check::new("virtualservice.JWTClaimRouteAnalyzer", virtual_service_gateways::check_claims),
    Check::new("serviceentry.Analyzer", service_entry::check),
    Check::new("webhook.Analyzer", webhook::check),
    Check::new("telemetry.ProviderAnalyzer", telemetry::check),
    Check::new("telemetry.SelectorAnalyzer", overlap::check_telemetries),
    Check::new("telemetry.DefaultSelectorAnalyzer", overlap::check_default_telemetries),
    Check::new("telemetry.LightstepAnalyzer", deprecation::check_lightstep),
    Check::new("schema.ValidationAnalyzer", schema::check),
];
