//! Tracers: `source/extensions/tracers`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::{Findings, Step};
use crate::rejection::json::{has, text};
use crate::rejection::syntax::format;

pub(super) const DATADOG: &[Rule] = &[datadog];
pub(super) const OPEN_TELEMETRY: &[Rule] = &[open_telemetry];
pub(super) const ZIPKIN: &[Rule] = &[zipkin, zipkin_version];
pub(super) const CUSTOM_TAG: &[Rule] = &[custom_tag];

/// `datadog::Tracer`: the collector's cluster is there.
fn datadog<'a>(config: &'a Value, found: &mut Findings<'a>) {
    collector(config, "envoy.tracers.datadog", found);
}

/// `Zipkin::Driver`: so is its collector's, which may be named in two places.
fn zipkin<'a>(config: &'a Value, found: &mut Findings<'a>) {
    if !has(config, "collector_service") {
        return collector(config, "envoy.tracers.zipkin", found);
    }
    found.field(config, "collector_service", |service, found| {
        found.field(service, "http_uri", |http, found| named(http, "cluster", "envoy.tracers.zipkin", found));
    });
}

fn collector<'a>(config: &'a Value, tracer: &str, found: &mut Findings<'a>) {
    named(config, "collector_cluster", tracer, found);
}

fn named<'a>(message: &'a Value, field: &'a str, tracer: &str, found: &mut Findings<'a>) {
    let cluster = text(message, field);
    if !cluster.is_empty() {
        let told = format!("{tracer}: unknown cluster '{cluster}'");
        found.within(Step::Field(field), |found| found.reference(cluster, told));
    }
}

/// The version that is no more, which is also what an unset field says.
fn zipkin_version<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let version = text(config, "collector_endpoint_version");
    if version.is_empty() || version.starts_with("DEPRECATED_") {
        let message = "Using the default now-deprecated value DEPRECATED_AND_UNAVAILABLE_DO_NOT_USE";
        found.reject_field("collector_endpoint_version", message);
    }
}

/// `OpenTelemetry::Driver`.
fn open_telemetry<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let set = ["grpc_service", "http_service", "exporter"].iter().filter(|name| has(config, name)).count();
    if set != 1 {
        found.reject("OpenTelemetry Tracer must have exactly one of gRPC, HTTP, or custom exporter configured.");
    }
}

/// `CustomTagUtility::createCustomTag`.
fn custom_tag<'a>(tag: &'a Value, found: &mut Findings<'a>) {
    found.reject_if_at("value", format::problem(text(tag, "value"), &[]));
}
