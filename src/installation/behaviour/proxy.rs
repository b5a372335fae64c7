//! What the proxy's release decides, whatever istiod's.

use super::Behaviour as B;
use super::row::{Component, Effect, Row, since};

pub(super) const ROWS: &[Row] = &[
    Row {
        behaviour: B::ProxyReadsZipkinHttpService,
        holds: &[since(29, 0)],
        of: Component::Proxy,
        source: "networking/core/tracing.go zipkinConfig",
        without: "Proxies read Zipkin collectors from collector_cluster.",
        with: "Proxies read Zipkin collectors from collector_service.",
        effect: Effect::Telemetry,
        switch: None,
    },
    Row {
        behaviour: B::ProxyFormatsCustomTags,
        holds: &[since(29, 0)],
        of: Component::Proxy,
        source: "networking/core/tracing.go buildCustomTagsFromProvider",
        without: "Proxies do not know custom tags with a format.",
        with: "Proxies know custom tags with a format.",
        effect: Effect::Telemetry,
        switch: None,
    },
    Row {
        behaviour: B::ProxyDisablesContextPropagation,
        holds: &[since(30, 0)],
        of: Component::Proxy,
        source: "networking/core/tracing.go",
        without: "Proxies cannot keep trace headers to themselves.",
        with: "Proxies can keep trace headers to themselves.",
        effect: Effect::Telemetry,
        switch: None,
    },
    Row {
        behaviour: B::ProxyNamesServiceByAppLabels,
        holds: &[since(30, 0)],
        of: Component::Proxy,
        source: "pkg/bootstrap/config.go serviceClusterOrDefault",
        without: "The label app alone names a proxy's service in traces and access logs.",
        with: "The labels app, app.kubernetes.io/name and service.istio.io/canonical-name name a proxy's service in traces and access logs.",
        effect: Effect::Telemetry,
        switch: None,
    },
    Row {
        behaviour: B::ProxyReadsTraceContextOption,
        holds: &[since(28, 0)],
        of: Component::Proxy,
        source: "networking/core/tracing.go zipkinConfig",
        without: "Proxies cannot send the W3C trace context beside Zipkin's headers.",
        with: "Proxies can send the W3C trace context beside Zipkin's headers.",
        effect: Effect::Telemetry,
        switch: None,
    },
];
