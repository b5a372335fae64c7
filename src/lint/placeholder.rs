//! Values that another program has yet to fill in: Helm, `envsubst`, Kustomize's variables.

use std::sync::LazyLock;

use regex::Regex;

static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    let name = r"[A-Za-z_][A-Za-z0-9_.-]*";
    Regex::new(&format!(r"\{{\{{.*?\}}\}}|\$\{{{name}\}}|\$\({name}\)")).expect("a fixed expression")
});

/// Returns the first placeholder in a text.
pub(super) fn find(text: &str) -> Option<&str> {
    PLACEHOLDER.find(text).map(|found| found.as_str())
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn of_several_programs() {
        assert_eq!(find("host `{{ .Values.host }}.x`"), Some("{{ .Values.host }}"));
        assert_eq!(find("a.${NAMESPACE}.svc"), Some("${NAMESPACE}"));
        assert_eq!(find("a.$(app-namespace).svc"), Some("$(app-namespace)"));
        assert_eq!(find("^a$|(b){2}"), None);
        assert_eq!(find("%REQ(:path)%"), None);
    }
}
