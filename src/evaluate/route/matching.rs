//! `envoy.config.route.v3.RouteMatch`. Envoy: `RouteEntryImplBase::matchRoute` and the classes for paths.

use super::{Context, Runtime};
use crate::evaluate::http::Headers;
use crate::evaluate::http::path::without_query;
use crate::evaluate::matcher::{HeaderMatcher, MetadataMatcher, QueryParameterMatcher, UriTemplate, starts_with};
use crate::evaluate::message::Message;
use crate::evaluate::regex::FullMatch;

/// Which requests a route is for.
#[derive(Debug)]
pub(in crate::evaluate) struct RouteMatch {
    path: Path,
    ignore_case: bool,
    headers: Vec<HeaderMatcher>,
    query: Vec<QueryParameterMatcher>,
    metadata: Vec<MetadataMatcher>,
    is_grpc: bool,
    certificate: Option<bool>,
    /// The part of the requests that it is for.
    fraction: Option<Fraction>,
}

/// `envoy.config.core.v3.RuntimeFractionalPercent`
#[derive(Debug)]
struct Fraction {
    key: String,
    numerator: u64,
    denominator: u64,
}

impl Fraction {
    fn new(message: Message<'_>) -> Option<Self> {
        let default = message.get("default_value")?;
        let denominator = match default.text("denominator") {
            Some("TEN_THOUSAND") => 10_000,
            Some("MILLION") => 1_000_000,
            _ => 100,
        };
        let numerator = default.number("numerator").and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
        let key = message.text("runtime_key").unwrap_or_default().to_owned();
        Some(Self { key, numerator, denominator })
    }

    /// Says whether most requests are in it; with a runtime, whether the request is. Envoy: `RouterCheckTool::runtimeMock`
    fn holds(&self, runtime: Option<&Runtime>) -> bool {
        match runtime {
            None => self.numerator * 2 >= self.denominator,
            // A fraction of nothing counts as the least one there: `RouterCheckTool::assignRuntimeFraction`.
            Some(Runtime { key, random }) => *key == self.key && random % self.denominator < self.numerator.max(1),
        }
    }
}

#[derive(Debug)]
enum Path {
    Prefix(String),
    Exact(String),
    /// A prefix that ends with a segment.
    Segments(String),
    Regex(FullMatch),
    Template(UriTemplate),
    Connect,
    /// What is not known here; it does not match.
    Unknown,
}

/// Why a route is not for a request: the first condition that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::evaluate) enum Miss {
    /// The path is another.
    Path,
    /// This header.
    Header(u16),
    /// This query parameter.
    Query(u16),
    /// What filters noted.
    Metadata(u16),
    /// The request is not gRPC.
    Grpc,
    /// The client's certificate.
    Certificate,
    /// It is for a part of all requests only, which is less than half.
    Fraction,
}

impl RouteMatch {
    /// Reads a match.
    pub(in crate::evaluate) fn new(message: Message<'_>) -> Self {
        let text = |name: &str| message.set_text(name).map(str::to_owned);
        let path = if let Some(prefix) = text("prefix") {
            Path::Prefix(prefix)
        } else if let Some(path) = text("path") {
            Path::Exact(path)
        } else if let Some(prefix) = text("path_separated_prefix") {
            Path::Segments(prefix)
        } else if let Some(regex) = message.get("safe_regex") {
            FullMatch::new(regex.set_text("regex").unwrap_or_default()).map_or(Path::Unknown, Path::Regex)
        } else if message.get("connect_matcher").is_some() {
            Path::Connect
        } else {
            let template = message.get("path_match_policy").and_then(|policy| policy.any("typed_config"));
            let template = template.and_then(|(_, config)| UriTemplate::new(config.text("path_template")?));
            template.map_or(Path::Unknown, Path::Template)
        };
        Self {
            path,
            ignore_case: message.flag("case_sensitive") == Some(false),
            headers: message.list("headers").map(HeaderMatcher::new).collect(),
            query: message.list("query_parameters").map(QueryParameterMatcher::new).collect(),
            metadata: message.list("dynamic_metadata").map(MetadataMatcher::new).collect(),
            is_grpc: message.get("grpc").is_some(),
            certificate: message.get("tls_context").and_then(|tls| tls.flag("presented").or(tls.flag("validated"))),
            fraction: message.get("runtime_fraction").and_then(Fraction::new),
        }
    }

    /// A match of no request.
    pub(in crate::evaluate) fn none() -> Self {
        Self::new(Message(&serde_json::Value::Null))
    }

    /// Returns why a route is not for a request, or nothing when it is. `path` is what routes look at, without its query.
    pub(in crate::evaluate) fn matches(&self, headers: &Headers, path: &str, context: Context<'_>) -> Option<Miss> {
        if !self.has_path(headers, path) {
            return Some(Miss::Path);
        }
        if self.fraction.as_ref().is_some_and(|fraction| !fraction.holds(context.runtime)) {
            return Some(Miss::Fraction);
        }
        if self.is_grpc && !headers.is_grpc() {
            return Some(Miss::Grpc);
        }
        let position = |index: usize| u16::try_from(index).unwrap_or(u16::MAX);
        if let Some(index) = self.headers.iter().position(|matcher| !matcher.matches(headers)) {
            return Some(Miss::Header(position(index)));
        }
        if let Some(index) = self.query.iter().position(|matcher| !matcher.matches(headers.path())) {
            return Some(Miss::Query(position(index)));
        }
        if self.certificate.is_some_and(|wanted| wanted != context.has_certificate) {
            return Some(Miss::Certificate);
        }
        if let Some(index) = self.metadata.iter().position(|matcher| !matcher.matches(context.metadata)) {
            return Some(Miss::Metadata(position(index)));
        }
        None
    }

    fn has_path(&self, headers: &Headers, path: &str) -> bool {
        match &self.path {
            Path::Prefix(prefix) => starts_with(path, prefix, self.ignore_case),
            Path::Exact(exact) if self.ignore_case => path.eq_ignore_ascii_case(exact),
            Path::Exact(exact) => path == exact,
            Path::Segments(prefix) => {
                starts_with(path, prefix, self.ignore_case)
                    && path.as_bytes().get(prefix.len()).is_none_or(|next| *next == b'/')
            }
            Path::Regex(regex) => regex.matches(path),
            Path::Template(template) => template.matches(path),
            Path::Connect => headers.method() == "CONNECT",
            Path::Unknown => false,
        }
    }

    /// Returns how much of a path is matched, which a rewrite of the prefix replaces.
    pub(in crate::evaluate) fn matched<'p>(&self, path: &'p str) -> &'p str {
        match &self.path {
            Path::Prefix(text) | Path::Exact(text) | Path::Segments(text) => path.get(..text.len()).unwrap_or(path),
            _ => without_query(path),
        }
    }

    /// Returns the template of the path, if it is one.
    pub(in crate::evaluate) fn template(&self) -> Option<&UriTemplate> {
        match &self.path {
            Path::Template(template) => Some(template),
            _ => None,
        }
    }

    /// Says what the path must be.
    pub(in crate::evaluate) fn path(&self) -> String {
        let case = if self.ignore_case { " in any case" } else { "" };
        match &self.path {
            Path::Prefix(prefix) => format!("begins with \"{prefix}\"{case}"),
            Path::Exact(path) => format!("is \"{path}\"{case}"),
            Path::Segments(prefix) => format!("is \"{prefix}\" or below it{case}"),
            Path::Regex(regex) => format!("matches the regex \"{}\"", regex.pattern()),
            Path::Template(template) => format!("matches the template \"{}\"", template.template()),
            Path::Connect => "is of a CONNECT request".to_owned(),
            Path::Unknown => "is decided by an extension".to_owned(),
        }
    }

    /// Says which path and how many other conditions: `path begins with "/api", 2 headers`.
    pub(in crate::evaluate) fn summary(&self) -> String {
        let count = |what: &str, n: usize| match n {
            0 => None,
            1 => Some(format!("1 {what}")),
            n => Some(format!("{n} {what}s")),
        };
        let more = [
            count("header", self.headers.len()),
            count("query parameter", self.query.len()),
            count("claim", self.metadata.len()),
            self.is_grpc.then(|| "gRPC".to_owned()),
        ];
        let more: Vec<String> = more.into_iter().flatten().collect();
        let more = if more.is_empty() { String::new() } else { format!(", and {}", more.join(", ")) };
        format!("path {}{more}", self.path())
    }

    /// Says why a route is not for a request.
    pub(in crate::evaluate) fn missed(&self, miss: Miss, headers: &Headers) -> String {
        let path = headers.path();
        match miss {
            Miss::Path => format!("it wants a path that {}, and here it is \"{}\"", self.path(), without_query(path)),
            Miss::Header(index) => {
                self.headers.get(usize::from(index)).map(|matcher| matcher.missed(headers)).unwrap_or_default()
            }
            Miss::Query(index) => {
                self.query.get(usize::from(index)).map(|matcher| matcher.missed(path)).unwrap_or_default()
            }
            Miss::Metadata(index) => {
                let name = self.metadata.get(usize::from(index)).map(MetadataMatcher::name).unwrap_or_default();
                format!("it wants another value of {name}, which filters note")
            }
            Miss::Grpc => "it wants gRPC (content-type: application/grpc)".to_owned(),
            Miss::Certificate => "it asks for a client's certificate, or for none".to_owned(),
            Miss::Fraction => {
                let fraction = self.fraction.as_ref().map_or((0, 1), |one| (one.numerator, one.denominator));
                #[expect(clippy::cast_precision_loss, reason = "at most a million")]
                let percent = fraction.0 as f64 * 100.0 / fraction.1 as f64;
                format!("it takes only {percent}% of the requests")
            }
        }
    }
}
