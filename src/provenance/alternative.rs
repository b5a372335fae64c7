//! Another valid value in the place of a value, so that its effect shows and no validation hides it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

/// Words of which one may stand for another.
const ENUMERATIONS: &[&[&str]] = &[
    &["true", "false"],
    &["enabled", "disabled"],
    &["STRICT", "PERMISSIVE", "DISABLE", "UNSET"],
    &["ISTIO_MUTUAL", "SIMPLE", "MUTUAL", "DISABLE", "PASSTHROUGH", "AUTO_PASSTHROUGH", "OPTIONAL_MUTUAL"],
    &["HTTP", "TCP", "HTTPS", "HTTP2", "GRPC", "TLS", "MONGO", "UDP", "SCTP"],
    &["http", "tcp", "https", "http2", "grpc", "tls", "mongo", "redis", "mysql", "grpc-web"],
    &["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "PASSTHROUGH", "LEAST_CONN", "UNSPECIFIED"],
    &["ALLOW", "DENY", "AUDIT", "CUSTOM"],
    &["MESH_INTERNAL", "MESH_EXTERNAL"],
    &["STATIC", "DNS", "NONE", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"],
    &["REGISTRY_ONLY", "ALLOW_ANY"],
    &["REDIRECT", "TPROXY", "NONE"],
    &["UPGRADE", "DO_NOT_UPGRADE", "DEFAULT"],
    &["SERVER", "CLIENT", "CLIENT_AND_SERVER"],
    &["SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "ANY"],
    &["MERGE", "ADD", "REMOVE", "REPLACE", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"],
    &["Exact", "Prefix", "PathPrefix", "RegularExpression", "ImplementationSpecific"],
    &["Cluster", "Local"],
    &["ClusterIP", "NodePort", "LoadBalancer"],
    &["Same", "All", "Selector"],
    &["Terminate", "Passthrough"],
    &["TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3", "TLS_AUTO"],
    &["V1", "V2"],
    &["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"],
    &["AUTHN", "AUTHZ", "STATS", "UNSPECIFIED_PHASE"],
    &["Running", "Pending", "Failed"],
    &["True", "False"],
    &["IPv4", "IPv6"],
];

/// Returns values to try in the place of one, the likeliest to be taken first; none for a value without alternatives.
pub(super) fn alternatives(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(value) => vec![json!(!value)],
        Value::Number(number) => match number.as_i64() {
            Some(whole) => {
                [whole + 1, whole - 1, 1, 0].into_iter().filter(|n| *n != whole && *n >= 0).map(Value::from).collect()
            }
            None => number.as_f64().map(|n| vec![json!(n / 2.0 + 0.25), json!(n + 1.0)]).unwrap_or_default(),
        },
        Value::String(text) => texts(text).into_iter().filter(|other| other != text).map(Value::from).collect(),
        Value::Null | Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

fn texts(text: &str) -> Vec<String> {
    let words = ENUMERATIONS.iter().filter(|words| words.contains(&text));
    let words: Vec<String> = words.flat_map(|words| words.iter().map(|word| (*word).to_owned())).collect();
    let mut out = words;
    out.extend(address(text));
    out.extend(with_number(text));
    out.extend(name(text));
    out.push(format!("{text}-x"));
    out.push(format!("x{text}"));
    out.truncate(8);
    out
}

/// Another address, or another network of the same size.
fn address(text: &str) -> Option<String> {
    let (address, size) = text.split_once('/').map_or((text, None), |(address, size)| (address, Some(size)));
    let other: IpAddr = match address.parse().ok()? {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            let step = |n: u8| if n >= 250 { n - 1 } else { n + 1 };
            match size.and_then(|size| size.parse::<u8>().ok()) {
                Some(0..=8) => Ipv4Addr::new(step(a), b, c, d).into(),
                Some(9..=16) => Ipv4Addr::new(a, step(b), c, d).into(),
                Some(17..=24) => Ipv4Addr::new(a, b, step(c), d).into(),
                _ => Ipv4Addr::new(a, b, c, step(d)).into(),
            }
        }
        IpAddr::V6(v6) => {
            let mut segments = v6.segments();
            let at = if size.is_some() { 1 } else { 7 };
            segments[at] = segments[at].wrapping_add(1);
            Ipv6Addr::from(segments).into()
        }
    };
    Some(size.map_or_else(|| other.to_string(), |size| format!("{other}/{size}")))
}

/// The same with its first number one higher: durations, percentages, ports as text, sizes, dates.
fn with_number(text: &str) -> Option<String> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    if start > 1 || (start == 1 && !text.starts_with(['-', '+', 'v'])) {
        return None;
    }
    let rest = text.get(start..)?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    // Zeroes in front may be more than any format has.
    let number: u64 = rest.get(..digits).filter(|digits| digits.len() <= 64)?.parse().ok()?;
    let other = if number == 100 { 99 } else { number + 1 };
    Some(format!("{}{other:0digits$}{}", text.get(..start)?, rest.get(digits..)?))
}

/// Another name of the same form: of a host its first label, of a path its end.
fn name(text: &str) -> Option<String> {
    if text == "*" {
        return Some("x.example".to_owned());
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        return Some(format!("{scheme}://x{rest}"));
    }
    if text.starts_with('/') {
        return Some(format!("{}-x", text.trim_end_matches('/')));
    }
    if let Some((namespace, host)) = text.split_once('/') {
        return Some(match namespace {
            "*" | "." | "~" => format!("{namespace}/{}", name(host)?),
            _ => format!("{namespace}-x/{host}"),
        });
    }
    let labels: Vec<&str> = text.split('.').collect();
    let at = labels.iter().position(|label| *label != "*")?;
    let other: Vec<String> = labels
        .iter()
        .enumerate()
        .map(|(place, label)| if place == at { format!("{label}-x") } else { (*label).to_owned() })
        .collect();
    Some(other.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_have_the_form_of_the_value() {
        let first = |value: Value| alternatives(&value).into_iter().next();
        assert_eq!(first(json!("10s")), Some(json!("11s")));
        assert_eq!(first(json!("STRICT")), Some(json!("PERMISSIVE")));
        assert_eq!(first(json!("10.0.0.0/8")), Some(json!("11.0.0.0/8")));
        assert_eq!(
            first(json!("reviews.bookstore.svc.cluster.local")),
            Some(json!("reviews-x.bookstore.svc.cluster.local"))
        );
        assert_eq!(first(json!("*.example.com")), Some(json!("*.example-x.com")));
        assert_eq!(first(json!("istio-gateways/public")), Some(json!("istio-gateways-x/public")));
        assert_eq!(first(json!(9080)), Some(json!(9081)));
        assert_eq!(first(json!("50%")), Some(json!("51%")));
        assert_eq!(first(json!("/login")), Some(json!("/login-x")));
        assert_eq!(first(json!({})), None);
    }
}
