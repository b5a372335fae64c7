//! What a rule is: its code, its level, and the page that explains it.

use super::Level;

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `IST0101` where istioctl has the rule, else `MESHC...`.
    pub code: &'static str,
    /// The same in words, for people: `referenced-resource-not-found`.
    pub name: &'static str,
    /// How bad a finding is.
    pub level: Level,
    /// One sentence.
    pub summary: &'static str,
    /// Whether it runs unless it is asked for by `--enable`.
    pub by_default: bool,
    /// The page: text, with an example of what is found and one of what is not.
    page: &'static str,
}

impl Rule {
    /// Makes a rule; `page` is Markdown with two blocks, `yaml bad` and `yaml good`.
    pub(super) const fn new(
        code: &'static str,
        name: &'static str,
        level: Level,
        summary: &'static str,
        page: &'static str,
    ) -> Self {
        Self { code, name, level, summary, by_default: true, page }
    }

    /// Makes it one that must be asked for.
    pub(super) const fn on_demand(mut self) -> Self {
        self.by_default = false;
        self
    }

    /// Returns whether istioctl has the rule.
    pub fn is_istioctl(&self) -> bool {
        self.code.starts_with("IST")
    }

    /// Returns the page where istio.io explains it.
    pub fn url(&self) -> Option<String> {
        let code = self.code.to_ascii_lowercase();
        self.is_istioctl().then(|| format!("https://istio.io/latest/docs/reference/config/analysis/{code}/"))
    }

    /// Returns what the page says besides the examples.
    pub fn text(&self) -> &'static str {
        self.page.split("\nFound:\n").next().unwrap_or_default().trim()
    }

    /// Returns manifests in which the rule finds something.
    pub fn bad(&self) -> &'static str {
        self.block("bad")
    }

    /// Returns the same manifests, mended.
    pub fn good(&self) -> &'static str {
        self.block("good")
    }

    fn block(&self, name: &str) -> &'static str {
        let open = format!("```yaml {name}\n");
        let rest = self.page.split_once(open.as_str()).map_or("", |(_, rest)| rest);
        rest.split_once("```").map_or("", |(block, _)| block)
    }
}
