//! Which connections a listener's matcher leads to which filter chain, as waypoints have it.
//!
//! istioctl: `configdump/listener.go` `newMatcher`

use serde_json::Value;

use super::resources::{at, items, number, text};

/// Describes the connections that reach a filter chain, each way on its own; nothing if the listener has no matcher.
pub(super) fn ways(listener: &Value, chain: &str) -> Option<Vec<String>> {
    let matcher = listener.get("filter_chain_matcher")?;
    let otherwise = at(matcher, &["on_no_match"]).unwrap_or(&Value::Null);
    let ways = match otherwise.get("matcher") {
        Some(inner) => inside(inner, chain),
        None if text(otherwise, &["action", "name"]) == chain => vec!["UNMATCHED".to_owned()],
        None => inside(matcher, chain),
    };
    Some(if ways.is_empty() { vec!["NONE".to_owned()] } else { ways })
}

fn inside(matcher: &Value, chain: &str) -> Vec<String> {
    let otherwise = at(matcher, &["on_no_match"]).unwrap_or(&Value::Null);
    if text(otherwise, &["action", "name"]) == chain {
        return vec!["ANY".to_owned()];
    }
    if let Some(inner) = otherwise.get("matcher") {
        return inside(inner, chain);
    }
    let input = text(matcher, &["matcher_tree", "input", "name"]);
    let mut out = Vec::new();
    for (condition, then) in conditions(matcher) {
        if text(then, &["action", "name"]) == chain {
            out.push(format!("{input}{condition}"));
        } else if let Some(inner) = then.get("matcher") {
            out.extend(inside(inner, chain).into_iter().map(|way| format!("{input}{condition} -> {way}")));
        }
    }
    out
}

/// The values that a matcher tells apart, with what each leads to.
fn conditions(matcher: &Value) -> Vec<(String, &Value)> {
    let tree = matcher.get("matcher_tree").unwrap_or(&Value::Null);
    let map = |kind: &str, sign: &str| -> Vec<(String, &Value)> {
        let entries = at(tree, &[kind, "map"]).and_then(Value::as_object).into_iter().flatten();
        entries.map(|(value, then)| (format!("{sign}{value}"), then)).collect()
    };
    let mut out = map("exact_match_map", "=");
    out.extend(map("prefix_match_map", "^"));
    let ranges = at(tree, &["custom_match", "typed_config"]).map_or(&[][..], |ip| items(ip, &["range_matchers"]));
    for matcher in ranges {
        let Some(then) = matcher.get("on_match") else { continue };
        for range in items(matcher, &["ranges"]) {
            let address = text(range, &["address_prefix"]);
            out.push(match number(range, &["prefix_len"]) {
                32 | 128 => (format!("={address}"), then),
                length => (format!("={address}/{length}"), then),
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ways;

    #[test]
    fn a_chain_has_the_ways_that_lead_to_it() {
        let action = |name: &str| json!({"action": {"name": name}});
        let port = |to: &str| json!({"matcher": {"matcher_tree": {"input": {"name": "port"}, "exact_match_map": {"map": {"80": action(to)}}}}});
        let ranges = json!([
            {"ranges": [{"address_prefix": "10.0.0.1", "prefix_len": 32}], "on_match": port("web")},
            {"ranges": [{"address_prefix": "10.1.0.0", "prefix_len": 16}], "on_match": action("rest")},
        ]);
        let matcher = json!({"matcher_tree": {"input": {"name": "ip"}, "custom_match": {"typed_config": {"range_matchers": ranges}}},
            "on_no_match": action("other")});
        let listener = json!({"filter_chain_matcher": matcher});
        let of = |chain: &str| ways(&listener, chain).expect("there is a matcher");
        assert_eq!(of("web"), ["ip=10.0.0.1 -> port=80"]);
        assert_eq!(of("rest"), ["ip=10.1.0.0/16"]);
        assert_eq!(of("other"), ["UNMATCHED"]);
        assert_eq!(of("nobody"), ["NONE"]);
        assert_eq!(ways(&json!({}), "web"), None);
    }
}
