//! A request in curl's words.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::Value;

use super::args::{Direction, Explain};
use crate::cli::limits::Limits;
use crate::explain::{Asked, AskedRequest, From, Wanted};

/// How the URI of a workload's certificate begins.
const SPIFFE: &str = "spiffe://";

/// A URL, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Url {
    /// The method before it.
    pub(in crate::cli) method: Option<String>,
    /// `http`, `https`, `tcp`, `tls`; `http` without one.
    pub(in crate::cli) scheme: String,
    /// Host and port, as written.
    pub(in crate::cli) authority: String,
    /// Path and query.
    pub(in crate::cli) path: String,
}

/// Parts what is typed: paths, then perhaps a method and a URL.
pub(super) fn split(words: &[String], has_dump: bool) -> (Vec<PathBuf>, Url) {
    let is_url = |word: &String| word.contains("://") || (has_dump && words.last() == Some(word));
    let is_method = |word: &String| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let mut paths: Vec<&String> = words.iter().collect();
    let mut url = Url { path: "/".to_owned(), ..Url::default() };
    let last_is_url = paths.last().is_some_and(|last| is_url(last) || !std::path::Path::new(last.as_str()).exists());
    if last_is_url
        && (has_dump || paths.len() > 1)
        && let Some(last) = paths.pop()
    {
        url = parse(last);
        if let Some(method) = paths.pop_if(|word| is_method(word)) {
            url.method = Some(method.clone());
        }
    }
    (paths.into_iter().map(PathBuf::from).collect(), url)
}

/// Takes a URL apart.
pub(in crate::cli) fn parse(text: &str) -> Url {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    // A client keeps what is after `#` for itself.
    let path = path.split('#').next().unwrap_or_default().to_owned();
    Url { method: None, scheme: scheme.to_ascii_lowercase(), authority: authority.to_owned(), path }
}

/// Returns the request to one proxy.
pub(super) fn asked(arguments: &Explain, url: &Url, destination: &str) -> anyhow::Result<Asked> {
    let request = request(arguments, url, destination)?;
    let direction = arguments.direction.unwrap_or(Direction::Outbound).as_str().to_owned();
    let asked = Asked { proxy: arguments.at.clone().unwrap_or_default(), direction, request };
    asked.check()?;
    Ok(asked)
}

/// Returns the request, on its way to a destination.
pub(super) fn request(arguments: &Explain, url: &Url, destination: &str) -> anyhow::Result<AskedRequest> {
    let curl = &arguments.curl;
    let mut headers: BTreeMap<String, Value> = BTreeMap::new();
    let mut authority = if url.authority.is_empty() { destination.to_owned() } else { url.authority.clone() };
    for (name, value) in &curl.headers {
        if name.eq_ignore_ascii_case("host") {
            authority.clone_from(value);
            continue;
        }
        let value = Value::String(value.clone());
        match headers.entry(name.clone()).or_insert(Value::Array(Vec::new())) {
            Value::Array(list) => list.push(value),
            other => *other = value,
        }
    }
    for value in headers.values_mut() {
        if let Value::Array(list) = value
            && list.len() == 1
        {
            *value = list.remove(0);
        }
    }
    let body = curl.data.as_ref().map(String::len);
    if let Some(size) = body {
        headers.entry("content-length".to_owned()).or_insert_with(|| Value::String(size.to_string()));
    }
    let method = curl.method.clone().or_else(|| url.method.clone());
    let scheme = if url.scheme.is_empty() { "http".to_owned() } else { url.scheme.clone() };
    let is_tls = matches!(scheme.as_str(), "https" | "tls");
    let host = host_of(&url.authority);
    let is_name = !host.is_empty() && host.parse::<std::net::IpAddr>().is_err();
    let sni = curl.sni.clone().or_else(|| (is_tls && is_name).then(|| host.to_owned()));
    Ok(AskedRequest {
        destination: destination.to_owned(),
        sni,
        alpn: if scheme == "https" { alpn(arguments) } else { Vec::new() },
        scheme,
        principal: curl.principal.as_deref().map(|text| {
            let name = text.strip_prefix(SPIFFE).unwrap_or(text);
            format!("{SPIFFE}{name}")
        }),
        source: curl.source_ip.clone(),
        http: match (curl.http10, curl.http2) {
            (true, _) => Some("1.0".to_owned()),
            (_, true) => Some("2".to_owned()),
            _ => None,
        },
        method: method.unwrap_or_else(|| if body.is_some() { "POST" } else { "GET" }.to_owned()),
        authority,
        path: if url.path.is_empty() { "/".to_owned() } else { url.path.clone() },
        headers,
        jwt: curl.jwt.as_deref().map(claims).transpose()?,
    })
}

/// Returns the request on its whole way.
pub(super) fn wanted(arguments: &Explain, url: &Url) -> anyhow::Result<Wanted> {
    anyhow::ensure!(!url.authority.is_empty(), "say what is asked for: a URL, after the paths");
    let (host, port) = host_and_port(&url.authority, &url.scheme);
    let from = match arguments.from.as_deref() {
        Some("outside") | None => From::Outside,
        Some(name) => From::Workload(name.to_owned()),
    };
    let resolve = arguments.curl.resolve.iter().map(|text| resolve(text)).collect::<anyhow::Result<_>>()?;
    Ok(Wanted { from, request: request(arguments, url, "")?, host, port, resolve })
}

/// Returns the host and the port of an authority; the port is that of the scheme when none is stated.
pub(in crate::cli) fn host_and_port(authority: &str, scheme: &str) -> (String, u16) {
    let stated = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    (host_of(authority).to_owned(), stated.unwrap_or(if scheme == "https" { 443 } else { 80 }))
}

/// Reads `host:port:address`.
fn resolve(text: &str) -> anyhow::Result<(String, u16, IpAddr)> {
    let mut parts = text.splitn(3, ':');
    let mut read = || {
        let (host, port, address) = (parts.next()?, parts.next()?, parts.next()?);
        Some((host.to_ascii_lowercase(), port.parse().ok()?, address.trim_matches(['[', ']']).parse().ok()?))
    };
    read().with_context(|| format!("--resolve {text}: it has the form HOST:PORT:ADDRESS"))
}

/// What curl offers.
fn alpn(arguments: &Explain) -> Vec<String> {
    let only_11 = arguments.curl.http11 || arguments.curl.http10;
    let list: &[&str] = if only_11 { &["http/1.1"] } else { &["h2", "http/1.1"] };
    list.iter().map(|name| (*name).to_owned()).collect()
}

/// Returns the host of an authority, without its port.
pub(super) fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    }
}

/// Reads claims: JSON, or a file with JSON.
fn claims(argument: &str) -> anyhow::Result<serde_json::Map<String, Value>> {
    let text = if argument.trim_start().starts_with('{') {
        argument.to_owned()
    } else {
        super::read(std::path::Path::new(argument), &Limits::default())?
    };
    serde_json::from_str(&text).with_context(|| format!("{argument} holds no claims: a JSON object is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let url = parse("https://a.example:8443/x?y=1#z");
        assert_eq!(
            (url.scheme.as_str(), url.authority.as_str(), url.path.as_str()),
            ("https", "a.example:8443", "/x?y=1")
        );
        assert_eq!(parse("a").path, "/");
        assert_eq!(host_of("[::1]:80"), "::1");
        assert_eq!(host_of("a"), "a");
    }
}
