//! Tags that the proxy adds to its spans.

use super::both_do;
use super::tracing::TracingSpec;
use crate::envoy::{self, CustomTag, CustomTagType};
use crate::installation::Behaviour;
use crate::model::istio::{MeshTracingCustomTag, MeshTracingCustomTagType, TracingCustomTag, TracingCustomTagType};
use crate::proxy::{ProxyKind, ProxyView};

/// `ProxyConfig.tracing.customTags`, with Istio's own -> `HttpConnectionManager.Tracing.custom_tags`
///
/// istiod: `tracing.go` `configureCustomTags`, without a spec
pub(super) fn from_proxy_config(view: &ProxyView<'_>) -> Vec<CustomTag> {
    let tracing = view.proxy.client.proxy_config.tracing.as_ref();
    let with_istio_tags = tracing.and_then(|tracing| tracing.enable_istio_tags).unwrap_or(true);
    let mut tags = if with_istio_tags { istio_tags(view) } else { Vec::new() };
    tags.extend(peer_tags(view));
    tags.extend(proxy_config_tags(view));
    sorted(tags)
}

/// `Telemetry.tracing.customTags`, with Istio's own -> `HttpConnectionManager.Tracing.custom_tags`
///
/// Those of the ProxyConfig count when there are none.
///
/// istiod: `tracing.go` `configureCustomTags`, with a spec
pub(super) fn from_telemetry(view: &ProxyView<'_>, spec: &TracingSpec<'_>) -> Vec<CustomTag> {
    let mut tags = if spec.enable_istio_tags { istio_tags(view) } else { Vec::new() };
    tags.extend(peer_tags(view));
    match spec.custom_tags {
        Some(custom) => tags.extend(custom.iter().filter_map(|(name, tag)| telemetry_tag(view, name, tag))),
        None => tags.extend(proxy_config_tags(view)),
    }
    sorted(tags)
}

/// istiod: `tracing.go` `buildCustomTagsFromProvider`
fn telemetry_tag(view: &ProxyView<'_>, name: &str, tag: &TracingCustomTag) -> Option<CustomTag> {
    let r#type = match &tag.r#type {
        None => None,
        Some(TracingCustomTagType::Literal(literal)) => Some(self::literal(&literal.value)),
        Some(TracingCustomTagType::Environment(variable)) => Some(environment(&variable.name, &variable.default_value)),
        Some(TracingCustomTagType::Header(header)) => Some(request_header(&header.name, &header.default_value)),
        Some(TracingCustomTagType::Formatter(formatter))
            if both_do(view, Behaviour::FormatsCustomTags, Behaviour::ProxyFormatsCustomTags) =>
        {
            Some(CustomTagType::Value(formatter.value.clone()))
        }
        Some(TracingCustomTagType::Formatter(_)) => return None,
    };
    Some(CustomTag { tag: name.to_owned(), r#type })
}

/// istiod: `tracing.go` `buildCustomTagsFromProxyConfig`
fn proxy_config_tags(view: &ProxyView<'_>) -> Vec<CustomTag> {
    let tracing = view.proxy.client.proxy_config.tracing.as_ref();
    let tags = tracing.into_iter().flat_map(|tracing| &tracing.custom_tags);
    let tag = |(name, tag): (&String, &MeshTracingCustomTag)| {
        let r#type = match tag.r#type.as_ref()? {
            MeshTracingCustomTagType::Literal(literal) => self::literal(&literal.value),
            MeshTracingCustomTagType::Environment(variable) => environment(&variable.name, &variable.default_value),
            MeshTracingCustomTagType::Header(header) => request_header(&header.name, &header.default_value),
        };
        Some(CustomTag { tag: name.clone(), r#type: Some(r#type) })
    };
    tags.filter_map(tag).collect()
}

/// Who the workload is, and what policies on trial would have done.
///
/// istiod: `tracing.go` `buildServiceTags`, `optionalPolicyTags`
fn istio_tags(view: &ProxyView<'_>) -> Vec<CustomTag> {
    let proxy = view.proxy;
    let label = |key: &str| proxy.labels.get(key).map_or("", String::as_str);
    let or = |text: &str, default: &str| literal(if text.is_empty() { default } else { text });
    let service_tags = [
        ("istio.canonical_revision", or(label("service.istio.io/canonical-revision"), "latest")),
        ("istio.canonical_service", or(label("service.istio.io/canonical-name"), "unknown")),
        ("istio.mesh_id", or(proxy.metadata_text("MESH_ID"), "unknown")),
        ("istio.namespace", or(proxy.metadata_text("NAMESPACE"), "default")),
        ("istio.cluster_id", or(&proxy.client.cluster_id, "unknown")),
    ];
    let dry_run = |action: &str, name: &str, key: &str| CustomTag {
        tag: format!("istio.authorization.dry_run.{action}_policy.{name}"),
        r#type: Some(CustomTagType::Metadata(rbac_metadata(format!("istio_dry_run_{action}_shadow_{key}")))),
    };
    let mut tags: Vec<CustomTag> =
        service_tags.into_iter().map(|(tag, value)| CustomTag { tag: tag.to_owned(), r#type: Some(value) }).collect();
    for action in ["allow", "deny"] {
        tags.push(dry_run(action, "name", "effective_policy_id"));
        tags.push(dry_run(action, "result", "engine_result"));
    }
    tags
}

/// The parts of what a waypoint knows of a peer, by the end of the tag's name.
const PEER_FIELDS: [(&str, &str); 9] = [
    ("workload", "workload"),
    ("namespace", "namespace"),
    ("cluster_id", "cluster"),
    ("canonical_service", "service"),
    ("canonical_revision", "revision"),
    ("app", "app"),
    ("app_version", "version"),
    ("workload_type", "type"),
    ("instance_name", "name"),
];

/// Who is on both sides of a waypoint. istiod: `tracing.go` `buildWaypointSourceTags`
fn peer_tags(view: &ProxyView<'_>) -> Vec<CustomTag> {
    let tags_peers = view.outbound.mesh.does(Behaviour::TagsPeersAtWaypoints);
    if view.outbound.client.kind != ProxyKind::Waypoint || !tags_peers {
        return Vec::new();
    }
    let tag = |side: &str, state: &str, (tag, field): (&str, &str)| CustomTag {
        tag: format!("istio.{side}_{tag}"),
        r#type: Some(CustomTagType::Value(format!("%FILTER_STATE({state}_peer_obj:FIELD:{field})%"))),
    };
    let of_side = |side, state| PEER_FIELDS.into_iter().map(move |field| tag(side, state, field));
    of_side("destination", "upstream").chain(of_side("source", "downstream")).collect()
}

/// What the RBAC filter notes of a request. istiod: `tracing.go` `dryRunPolicyTraceTag`
fn rbac_metadata(key: String) -> envoy::CustomTagMetadata {
    envoy::CustomTagMetadata {
        kind: Some(envoy::MetadataKind { kind: Some(envoy::MetadataKindKind::Request(envoy::MetadataKindRequest {})) }),
        metadata_key: Some(envoy::MetadataKey {
            key: "envoy.filters.http.rbac".to_owned(),
            path: vec![envoy::MetadataKeyPathSegment { segment: Some(envoy::MetadataKeyPathSegmentSegment::Key(key)) }],
        }),
        ..Default::default()
    }
}

fn literal(value: &str) -> CustomTagType {
    CustomTagType::Literal(envoy::CustomTagLiteral { value: value.to_owned() })
}

fn environment(name: &str, default_value: &str) -> CustomTagType {
    CustomTagType::Environment(envoy::CustomTagEnvironment {
        name: name.to_owned(),
        default_value: default_value.to_owned(),
    })
}

fn request_header(name: &str, default_value: &str) -> CustomTagType {
    CustomTagType::RequestHeader(envoy::CustomTagHeader {
        name: name.to_owned(),
        default_value: default_value.to_owned(),
    })
}

fn sorted(mut tags: Vec<CustomTag>) -> Vec<CustomTag> {
    tags.sort_by(|a, b| a.tag.cmp(&b.tag));
    tags
}
