use serde_json::json;

use super::*;

fn of(rules: &str, value: &Value) -> Option<String> {
    Rules::read(rules).check(&Kind::String, Some(value))
}

#[test]
fn numbers() {
    let rules = "uint32={lte : 65535 gte : 1}";
    assert_eq!(of(rules, &json!(1)), None);
    assert_eq!(of(rules, &json!(0)).as_deref(), Some("value must be inside range [1, 65535]"));
    assert_eq!(Rules::read(rules).check(&Kind::Uint32, None).as_deref(), Some("value must be inside range [1, 65535]"));
    assert_eq!(of("uint64={gt : 0}", &json!("0")).as_deref(), Some("value must be greater than 0"));
    assert_eq!(
        of("double={lte : 100.0 gte : 0.0}", &json!(100.5)).as_deref(),
        Some("value must be inside range [0, 100]")
    );
    assert_eq!(of("int32={lte : 127 gte : - 128}", &json!(-128)), None);
}

#[test]
fn strings() {
    let problem = |rules: &str, text: &str| of(rules, &json!(text)).unwrap_or_default();
    assert_eq!(problem("string={min_len : 1}", ""), "value length must be at least 1 characters");
    assert_eq!(problem("string={max_bytes : 3}", "äa"), "");
    assert_eq!(problem("string={max_bytes : 3}", "ää"), "value length must be at most 3 bytes");
    assert_eq!(problem("string={max_len : 2}", "ää"), "");
    assert_eq!(
        problem(r#"string={pattern : "^$|^/[^\\x00-\\x1f]*$"}"#, "x"),
        r#"value does not match regex pattern "^$|^/[^\\x00-\\x1f]*$""#
    );
    assert_eq!(problem(r#"string={in : "a" in : "b"}"#, "c"), "value must be one of a, b");
    assert_eq!(problem(r#"string={prefix : "%" suffix : "%" ignore_empty : true}"#, ""), "");
    assert_eq!(problem(r#"string={prefix : "%" suffix : "%"}"#, "%a"), "value does not have suffix \"%\"");
}

#[test]
fn headers() {
    let holds = |rules: &str, text: &str| of(rules, &json!(text)).is_none();
    assert!(holds("string={well_known_regex : HTTP_HEADER_NAME}", ":path"));
    assert!(!holds("string={well_known_regex : HTTP_HEADER_NAME}", "a b"));
    assert!(!holds("string={well_known_regex : HTTP_HEADER_NAME}", ""));
    assert!(holds("string={well_known_regex : HTTP_HEADER_NAME strict : false}", "a b"));
    assert!(!holds("string={well_known_regex : HTTP_HEADER_VALUE strict : false}", "a\nb"));
    assert!(holds("string={well_known_regex : HTTP_HEADER_VALUE}", "a\tb"));
    assert!(!holds("string={well_known_regex : HTTP_HEADER_VALUE}", "a\u{1}b"));
}

#[test]
fn enums() {
    let kind = Kind::Enum("envoy.config.core.v3.RequestMethod".into());
    let check = |rules: &str, value: Option<&Value>| Rules::read(rules).check(&kind, value).unwrap_or_default();
    let rules = "enum={defined_only : true not_in : 6}";
    assert_eq!(check(rules, Some(&json!("GET"))), "");
    assert_eq!(check(rules, None), "");
    assert_eq!(check(rules, Some(&json!(77))), "value must be one of the defined enum values");
    assert_eq!(check(rules, Some(&json!("CONNECT"))), "value must not be in list");
}

#[test]
fn durations() {
    let rules = "duration={required : true lt { seconds : 300 } gte { nanos : 1000000 }}";
    assert!(Rules::read(rules).required);
    assert_eq!(of(rules, &json!("0.001s")), None);
    assert_eq!(of(rules, &json!("0s")).as_deref(), Some("value must be inside range [0.001s, 300s)"));
    assert_eq!(of("duration={gt { }}", &json!("0s")).as_deref(), Some("value must be greater than 0s"));
}

#[test]
fn lists_and_maps() {
    let rules = Rules::read("repeated={min_items : 1 max_items : 2 unique : true items { string { min_len : 3 } }}");
    let list = |value: Value| rules.check_list(value.as_array().expect("a list")).unwrap_or_default();
    assert_eq!(list(json!([])), "value must contain at least 1 item(s)");
    assert_eq!(list(json!([1, 2, 3])), "value must contain at most 2 item(s)");
    assert_eq!(list(json!([1, 1])), "repeated value must contain unique items");
    let each = rules.of_element().expect("rules of each");
    assert!(each.check(&Kind::String, Some(&json!("ab"))).is_some());
    let rules = Rules::read("map={min_pairs : 1 keys { string { min_len : 1 } } values { string { min_len : 1 } }}");
    assert_eq!(rules.check_map([].iter()).as_deref(), Some("value must contain at least 1 pair(s)"));
    let keys = [String::new()];
    assert_eq!(rules.check_map(keys.iter()).as_deref(), Some(r#"key "": value length must be at least 1 characters"#));
}
