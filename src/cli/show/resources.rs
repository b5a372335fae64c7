//! Resources of a dump, as JSON.

use serde_json::Value;

/// The text at a path of fields; empty if there is none.
pub(super) fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    at(value, path).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a path of fields; 0 if there is none.
pub(super) fn number(value: &Value, path: &[&str]) -> u64 {
    at(value, path).and_then(Value::as_u64).unwrap_or_default()
}

/// The list at a path of fields; empty if there is none.
pub(super) fn items<'v>(value: &'v Value, path: &[&str]) -> &'v [Value] {
    at(value, path).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(*key))
}

/// The resources of a section: those of its lists, each at a path inside of an entry.
pub(super) fn of_section<'d>(dump: &'d Value, section: &str, lists: &[(&str, &[&str])]) -> Vec<&'d Value> {
    let configs = items(dump, &["configs"]).iter();
    let of_section: Vec<&Value> = configs.filter(|config| text(config, &["@type"]).ends_with(section)).collect();
    let entries = lists.iter().flat_map(|(list, path)| {
        of_section.iter().flat_map(|config| items(config, &[*list])).filter_map(|entry| at(entry, path))
    });
    entries.collect()
}

/// `<name>.<namespace>` of the rule that a resource's metadata names. istioctl: `configdump/route.go` `describeManagement`
pub(super) fn management(resource: &Value) -> String {
    let config = config(resource);
    if config.is_empty() {
        return String::new();
    }
    if !config.starts_with("/apis/networking.istio.io/") {
        return "<unknown>".to_owned();
    }
    let pieces: Vec<&str> = config.split('/').collect();
    match pieces.as_slice() {
        [_, _, _, _, _, namespace, _, name] => format!("{name}.{namespace}"),
        _ => String::new(),
    }
}

/// The path of the rule that a resource's metadata names.
pub(super) fn config(resource: &Value) -> &str {
    text(resource, &["metadata", "filter_metadata", "istio", "config"])
}
