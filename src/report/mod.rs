//! The report: one page that holds the proxies, what they are served with the cause of each line, the manifests with what each line
//! changes, the findings of lint, and a picture of each host.
//!
//! ```text
//! World ──Pictures──▶ hosts ──annotate──▶ fields with causes ──┐
//!   └──translate──▶ resources, each text once ──lines──────────┴──▶ data (JSON) ──▶ page (HTML, one script, one style sheet)
//! ```
//!
//! Nothing is loaded from anywhere, and nothing runs but the script of the page: its policy allows it by its hash. The script shows
//! all text of the input as text, never as HTML.

mod data;
mod lines;

pub use data::{Finding, Report, report};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::graph::escape;

const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// Writes the page.
pub fn page(report: &Report) -> serde_json::Result<String> {
    // In HTML, `<` is the only way to end a script.
    let data = serde_json::to_string(report)?.replace('<', "\\u003c");
    let hash = |text: &str| STANDARD.encode(hmac_sha256::Hash::hash(text.as_bytes()));
    let (script, style) = (hash(SCRIPT), hash(STYLE));
    let title = escape(&report.title);
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; base-uri 'none'; form-action \
         'none'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         </head>\n<body>\n<script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_input_ends_the_data() {
        let report =
            Report { title: "</title><script>".to_owned(), hosts: vec!["</script>".to_owned()], ..Report::default() };
        let page = page(&report).expect("prints");
        assert_eq!(page.matches("</script>").count(), 2);
        assert_eq!(page.matches("<script").count(), 2);
        assert_eq!(page.matches("</title>").count(), 1);
    }
}
