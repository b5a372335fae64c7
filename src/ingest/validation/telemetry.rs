//! `Telemetry`. istiod: `ValidateTelemetry`

use crate::ingest::cel::Expr;
use crate::model::Config;
use crate::model::istio::{
    MetricSelectorMetricMatch, Metrics, MetricsOverridesTagOverrideOperation as Operation, ProviderRef, Telemetry,
    Tracing, TracingCustomTagType,
};

use super::finding::{At, Findings};
use super::selector;

pub(super) fn check(config: &Config<Telemetry>, findings: &mut Findings<'_>) {
    let Telemetry { selector, target_ref, target_refs, tracing, metrics, access_logging } = &config.spec;
    selector::check_targets(selector.as_ref(), target_ref.as_ref(), target_refs, findings);
    let list = At::SPEC.field("metrics");
    for (index, metrics) in metrics.iter().enumerate() {
        check_metrics(metrics, &list.item(index), findings);
    }
    let list = At::SPEC.field("tracing");
    if tracing.len() > 1 {
        findings.warning("multiple-tracing", &list, "only the first one is used");
    }
    for (index, tracing) in tracing.iter().enumerate() {
        check_tracing(tracing, &list.item(index), findings);
    }
    let list = At::SPEC.field("accessLogging");
    for (index, logging) in access_logging.iter().enumerate() {
        let at = list.item(index);
        check_providers(&logging.providers, &at, findings);
        if let Some(filter) = &logging.filter
            && Expr::parse(&filter.expression).is_none()
        {
            findings.error(&at.field("filter").field("expression"), "not a valid CEL expression");
        }
    }
}

/// istiod: `validateTelemetryProviders`
fn check_providers(providers: &[ProviderRef], at: &At<'_>, findings: &mut Findings<'_>) {
    let list = at.field("providers");
    if let Some(index) = providers.iter().position(|provider| provider.name.is_empty()) {
        findings.error(&list.item(index), "the name of a provider is empty");
    }
}

/// istiod: `validateTelemetryMetrics`
fn check_metrics(metrics: &Metrics, at: &At<'_>, findings: &mut Findings<'_>) {
    check_providers(&metrics.providers, at, findings);
    let list = at.field("overrides");
    for (index, change) in metrics.overrides.iter().enumerate() {
        let at = list.item(index);
        let tags = at.field("tagOverrides");
        for (name, tag) in &change.tag_overrides {
            if name.is_empty() {
                findings.warning("empty-tag", &tags, "the name of a tag is empty");
            }
            match tag.operation {
                Operation::Upsert if tag.value.is_empty() => {
                    findings.error(&tags.field(name), "UPSERT requires a `value`");
                }
                Operation::Remove if !tag.value.is_empty() => {
                    findings.error(&tags.field(name), "REMOVE must not have a `value`");
                }
                Operation::Upsert | Operation::Remove => {}
            }
        }
        let metric = change.r#match.as_ref().and_then(|selector| selector.metric_match.as_ref());
        if matches!(metric, Some(MetricSelectorMetricMatch::CustomMetric(name)) if name.is_empty()) {
            findings.error(&at.field("match"), "the name of a metric is empty");
        }
    }
}

/// istiod: `validateTelemetryTracing`
fn check_tracing(tracing: &Tracing, at: &At<'_>, findings: &mut Findings<'_>) {
    if tracing.providers.len() > 1 {
        findings.warning("multiple-tracing", &at.field("providers"), "only the first one is used");
    }
    check_providers(&tracing.providers, at, findings);
    if tracing.random_sampling_percentage.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
        findings.error(&at.field("randomSamplingPercentage"), "the percentage must be between 0 and 100");
    }
    let tags = at.field("customTags");
    for (name, tag) in &tracing.custom_tags {
        if name.is_empty() {
            findings.error(&tags, "the name of a tag is empty");
        }
        let empty = match &tag.r#type {
            Some(TracingCustomTagType::Literal(literal)) => literal.value.is_empty(),
            Some(TracingCustomTagType::Header(header)) => header.name.is_empty(),
            Some(TracingCustomTagType::Environment(variable)) => variable.name.is_empty(),
            Some(TracingCustomTagType::Formatter(_)) | None => false,
        };
        if empty {
            findings.error(&tags.field(name), "what the tag is made of is empty");
        }
    }
}
