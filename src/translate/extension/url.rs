//! Where the code of an extension is.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::envoy::{
    AsyncDataSource, AsyncDataSourceSpecifier, DataSource, DataSourceSpecifier, Duration, HttpUri,
    HttpUriHttpUpstreamType, RemoteDataSource,
};

/// How long a download may take: thirty seconds.
const TIMEOUT: Duration = Duration::seconds(30);

/// `WasmConfig.{url, sha256}` -> `VmConfig.code`
///
/// istiod names no cluster: the agent fetches the code and gives Envoy a file.
///
/// istiod: `extensions.go` `buildDataSource`
pub(super) fn data_source(url: &str, sha256: &str) -> AsyncDataSource {
    let (scheme, rest) = split(url);
    let specifier = if scheme == "file" {
        let path = url.strip_prefix("file://").unwrap_or(url).to_owned();
        AsyncDataSourceSpecifier::Local(DataSource {
            specifier: Some(DataSourceSpecifier::Filename(path)),
            ..DataSource::default()
        })
    } else {
        AsyncDataSourceSpecifier::Remote(RemoteDataSource {
            http_uri: Some(HttpUri {
                uri: format!("{scheme}:{}", encoded(&rest)),
                http_upstream_type: Some(HttpUriHttpUpstreamType::Cluster("_".to_owned())),
                timeout: Some(TIMEOUT),
            }),
            sha256: sha256.to_owned(),
            ..RemoteDataSource::default()
        })
    };
    AsyncDataSource { specifier: Some(specifier) }
}

/// Splits off the scheme, in lower case as Go's `url.Parse` has it; without one it is an image.
fn split(url: &str) -> (String, String) {
    let is_scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    match url.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest.to_owned()),
        None if url.starts_with("//") => ("oci".to_owned(), url.to_owned()),
        None => ("oci".to_owned(), format!("//{url}")),
    }
}

/// Writes what may not stand in a URL as `%..`. Go: `url.EscapedPath`
fn encoded(text: &str) -> String {
    const REPLACED: &AsciiSet =
        &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');
    utf8_percent_encode(text, REPLACED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_scheme_is_an_image() {
        for (url, expected) in [
            ("registry.example/plugins/stats", "oci://registry.example/plugins/stats"),
            ("registry.example/plugins/stats:v1", "oci://registry.example/plugins/stats:v1"),
            ("oci://registry.example/a@sha256:00", "oci://registry.example/a@sha256:00"),
            ("HTTPS://plugins.example/a b.wasm", "https://plugins.example/a%20b.wasm"),
            ("http://plugins.example/a.wasm?x=1#y", "http://plugins.example/a.wasm?x=1#y"),
        ] {
            let (scheme, rest) = split(url);
            assert_eq!(format!("{scheme}:{}", encoded(&rest)), expected);
        }
    }
}
