//! Truth values in text: annotations and metadata.

/// Reads a truth value as Go does; nothing if it is none. Go: `strconv.ParseBool`
pub(crate) fn parse(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
