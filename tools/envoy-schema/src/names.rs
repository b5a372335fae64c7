//! From names in `.proto` files to names in Rust.

/// UpperCamelCase with acronyms as words: `RBAC` -> `Rbac`, `HTTPFault` -> `HttpFault`, `FULL_SCAN` -> `FullScan`.
pub(crate) fn upper_camel(name: &str) -> String {
    name.replace("TLSv", "TLS_V").split('_').map(word).collect()
}

fn word(name: &str) -> String {
    let shouting = !name.chars().any(char::is_lowercase);
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (index, &c) in chars.iter().enumerate() {
        let previous_upper = index > 0 && chars[index - 1].is_uppercase();
        let next_lower = chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        // The second letter of a run of two (`UInt`) keeps its case.
        let run_of_two = index == 1 && next_lower;
        if index == 0 {
            out.extend(c.to_uppercase());
        } else if c.is_uppercase() && previous_upper && (shouting || !(next_lower || run_of_two)) {
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}

/// A oneof's field or an enum's value as a variant: UpperCamelCase, and `SelfValue` for `self`.
pub(crate) fn variant(name: &str) -> String {
    let variant = upper_camel(name);
    if variant == "Self" { "SelfValue".to_owned() } else { variant }
}

/// `HeaderAppendAction` -> `HEADER_APPEND_ACTION`.
pub(crate) fn screaming(name: &str) -> String {
    let mut out = String::new();
    for (index, c) in name.char_indices() {
        if c.is_uppercase() && index > 0 {
            out.push('_');
        }
        out.extend(c.to_uppercase());
    }
    out
}

/// A field's name as a Rust identifier.
pub(crate) fn field(name: &str) -> String {
    const KEYWORDS: [&str; 16] = [
        "type", "match", "enum", "ref", "static", "in", "where", "final", "for", "move", "mod", "use", "as", "loop",
        "override", "virtual",
    ];
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acronyms_are_words() {
        for (name, rust) in [
            ("RBAC", "Rbac"),
            ("HTTPFault", "HttpFault"),
            ("UInt32Range", "UInt32Range"),
            ("CidrRange", "CidrRange"),
            ("cluster_discovery_type", "ClusterDiscoveryType"),
            ("LOGICAL_DNS", "LogicalDns"),
            ("TLSv1_3", "TlsV13"),
            ("MySQLProxy", "MySqlProxy"),
            ("IPv4", "IPv4"),
        ] {
            assert_eq!(upper_camel(name), rust);
        }
    }
}
