//! Which connections a listener's matcher leads to which filter chain, as waypoints have it.
//!
//! istioctl: `configdump/listener.go` `newMatcher`

use std::collections::BTreeMap;

use serde_json::Value;

use super::resources::{at, items, number, text};

/// The ways to each filter chain, by its name.
pub(super) type Ways<'d> = BTreeMap<&'d str, Vec<String>>;

/// Describes the connections that reach each filter chain, each way on its own; nothing if the listener has no matcher.
///
/// Where a matcher asks another one when it finds nothing, istioctl shows the ways of the other one only; here they follow its own.
pub(super) fn ways(listener: &Value) -> Option<Ways<'_>> {
    let mut out = Ways::new();
    matcher(listener.get("filter_chain_matcher")?, "", "UNMATCHED", &mut out);
    Some(out)
}

/// Notes the ways through a matcher; `otherwise` is what they are called where nothing matches.
fn matcher<'d>(of: &'d Value, before: &str, otherwise: &str, out: &mut Ways<'d>) {
    let input = text(of, &["matcher_tree", "input", "name"]);
    for (condition, then) in conditions(of) {
        let way = format!("{before}{input}{condition}");
        match then.get("matcher") {
            Some(inner) => matcher(inner, &format!("{way} -> "), "ANY", out),
            None => out.entry(text(then, &["action", "name"])).or_default().push(way),
        }
    }
    match of.get("on_no_match") {
        Some(then) if then.get("matcher").is_some() => matcher(&then["matcher"], before, otherwise, out),
        Some(then) => out.entry(text(then, &["action", "name"])).or_default().push(format!("{before}{otherwise}")),
        None => {}
    }
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
        // Asked only if the host says nothing, as with several networks.
        let by_host = json!({"matcher_tree": {"input": {"name": "authority"}, "exact_match_map": {"map": {"web:80": action("web")}}},
            "on_no_match": {"matcher": matcher}});
        let listener = json!({"filter_chain_matcher": by_host});
        let ways = super::ways(&listener).expect("there is a matcher");
        assert_eq!(ways["web"], ["authority=web:80", "ip=10.0.0.1 -> port=80"]);
        assert_eq!(ways["rest"], ["ip=10.1.0.0/16"]);
        assert_eq!(ways["other"], ["UNMATCHED"]);
        assert_eq!(ways.len(), 3);
        assert_eq!(super::ways(&json!({})), None);
    }
}
