//! A report as a flowchart in the language of mermaid, which GitHub draws.

use std::fmt::Write as _;

use super::report::Report;
use crate::visible::visible;

/// Writes the flowchart: a box for each hop with what it chooses, and the outcome.
pub fn flowchart(report: &Report) -> String {
    let mut out = "flowchart TD\n".to_owned();
    let text = |key: &str| report.request.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let from = if text("from").is_empty() { "client" } else { text("from") };
    let request = format!("{} {}{}", text("method"), text("authority"), text("path"));
    let _ = writeln!(out, "  client([\"{}\"])", quoted(from));
    let mut last = "client".to_owned();
    let mut label = request;
    for (index, hop) in report.hops.iter().enumerate() {
        let _ = writeln!(out, "  subgraph hop{index}[\"{}\"]", quoted(&format!("{} ({})", hop.proxy, hop.direction)));
        let mut steps: Vec<String> = Vec::new();
        steps.extend(hop.listener.as_ref().map(|name| format!("listener {name}")));
        steps.extend(
            hop.filter_chain
                .as_ref()
                .filter(|chain| !chain.name.is_empty())
                .map(|c| format!("filter chain {}", c.name)),
        );
        let decides = hop.filters.iter().find(|filter| matches!(filter.verdict, "deny" | "answers"));
        steps.extend(decides.map(|filter| format!("{} {}", filter.name, filter.verdict)));
        steps.extend(
            hop.virtual_host
                .as_ref()
                .zip(hop.route.as_ref())
                .map(|(host, route)| format!("route {} of {host}", route.index)),
        );
        let names: Vec<String> = (0..steps.len()).map(|step| format!("h{index}s{step}")).collect();
        for (name, step) in names.iter().zip(&steps) {
            let _ = writeln!(out, "    {name}[\"{}\"]", quoted(step));
        }
        for pair in names.windows(2) {
            let _ = writeln!(out, "    {} --> {}", pair[0], pair[1]);
        }
        for (number, cluster) in hop.clusters.iter().enumerate() {
            let text = format!("cluster {} {}%", cluster.name, cluster.share * 100.0);
            let _ = writeln!(out, "    h{index}c{number}[\"{}\"]", quoted(&text));
            if let Some(last) = names.last() {
                let _ = writeln!(out, "    {last} --> h{index}c{number}");
            }
        }
        let _ = writeln!(out, "  end");
        let (first, end) = match (names.first(), names.last()) {
            (Some(first), Some(end)) => (first.clone(), end.clone()),
            _ => (format!("hop{index}"), format!("hop{index}")),
        };
        let _ = writeln!(out, "  {last} -- \"{}\" --> {first}", quoted(&label));
        last = if hop.clusters.is_empty() { end } else { format!("h{index}c0") };
        label = hop.clusters.first().map(|cluster| cluster.tls.replace('_', " ")).unwrap_or_default();
        if label.is_empty() || label == "none" {
            "no TLS".clone_into(&mut label);
        }
    }
    let outcome = &report.outcome;
    let status = outcome.status.map(|status| format!("{status} ")).unwrap_or_default();
    let _ = writeln!(out, "  outcome([\"{}\"])", quoted(&format!("{status}{} {}", outcome.flags, outcome.details)));
    let _ = writeln!(out, "  {last} --> outcome");
    out
}

/// Mermaid has no escapes in quotes but entities.
fn quoted(text: &str) -> String {
    visible(text).replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}
