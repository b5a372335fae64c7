//! A request to one proxy, as JSON: `{"proxy", "direction", "request": {...}}`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::evaluate::{Certificate, Direction, Request, Speaks, Tls, Token, Tunnel, Version};

/// A request to one proxy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// `<pod>.<namespace>`; may be empty where there is only one.
    #[serde(default)]
    pub proxy: String,
    /// `outbound`, `inbound` or `gateway`.
    #[serde(default = "outbound")]
    pub direction: String,
    /// The request.
    pub request: AskedRequest,
}

fn outbound() -> String {
    "outbound".to_owned()
}

fn get() -> String {
    "GET".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

/// The request itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AskedRequest {
    /// `10.0.0.1:80`
    pub destination: String,
    /// `http`, `https`; `tcp` for bytes that are no HTTP, `tls` for such inside of TLS.
    #[serde(default)]
    pub scheme: String,
    /// The server name of the TLS handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
    /// Protocols that the TLS handshake offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alpn: Vec<String>,
    /// The client's identity: the URI of its certificate, `spiffe://cluster.local/ns/default/sa/default`. Empty for a client that has no
    /// certificate; without it, the client has what the server asks for, and who it is stays open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The client's address; loopback without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `1.0`, `1.1`, `2`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
    /// `GET`
    #[serde(default = "get")]
    pub method: String,
    /// The host, with its port where the client names one.
    #[serde(default)]
    pub authority: String,
    /// Path and query.
    #[serde(default = "root")]
    pub path: String,
    /// Other headers; one that is given several times has a list of values.
    #[serde(default)]
    pub headers: BTreeMap<String, Value>,
    /// Claims of a token that is taken as verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<serde_json::Map<String, Value>>,
}

/// Why a request cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedError(String);

impl fmt::Display for AskedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AskedError {}

impl Asked {
    /// Returns what is wrong with it, if something is.
    pub fn check(&self) -> Result<(), AskedError> {
        self.read().map(drop)
    }

    /// Returns the request. What [`Self::check`] would complain about has its default.
    pub(super) fn request(&self) -> Request {
        self.read().unwrap_or_else(|_| Request::new(Direction::Outbound, SocketAddr::from(([0, 0, 0, 0], 0))))
    }

    fn read(&self) -> Result<Request, AskedError> {
        let direction = match self.direction.as_str() {
            "outbound" => Direction::Outbound,
            "inbound" => Direction::Inbound,
            "gateway" => Direction::Gateway,
            other => return Err(AskedError(format!("the direction is outbound, inbound or gateway, not \"{other}\""))),
        };
        let text = &self.request.destination;
        let destination =
            address(text).ok_or_else(|| AskedError(format!("the destination must be IP:PORT, not \"{text}\"")))?;
        self.request.to_request(direction, destination)
    }

    /// Returns the request as the report shows it.
    pub(super) fn shown(&self) -> Value {
        let mut shown = serde_json::to_value(&self.request).unwrap_or_default();
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("direction".to_owned(), Value::String(self.direction.clone()));
        }
        shown
    }
}

/// Reads `10.0.0.1:80`, `[::1]:80` and `::1:80`.
fn address(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| {
        let (ip, port) = text.rsplit_once(':')?;
        Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?))
    })
}

impl AskedRequest {
    /// Returns the request, on its way to a destination.
    pub(super) fn to_request(&self, direction: Direction, destination: SocketAddr) -> Result<Request, AskedError> {
        let error = |text: String| AskedError(text);
        let source: IpAddr = match &self.source {
            None => IpAddr::from([127, 0, 0, 1]),
            Some(text) => text.parse().map_err(|_| error(format!("the source \"{text}\" is no IP address")))?,
        };
        let (is_tls, speaks) = match self.scheme.as_str() {
            "" => (self.sni.is_some() || self.principal.as_ref().is_some_and(|uri| !uri.is_empty()), Speaks::Http),
            "http" => (false, Speaks::Http),
            "https" => (true, Speaks::Http),
            "tcp" => (false, Speaks::Bytes),
            "tls" => (true, Speaks::Bytes),
            other => return Err(error(format!("the scheme is http, https, tcp or tls, not \"{other}\""))),
        };
        let version = match self.http.as_deref() {
            None | Some("1.1") => Version::Http11,
            Some("1.0") => Version::Http10,
            Some("2") => Version::Http2,
            Some(other) => return Err(error(format!("the version of HTTP is 1.0, 1.1 or 2, not \"{other}\""))),
        };
        let has_none = self.principal.as_deref() == Some("");
        let certificate = Certificate { uris: self.principal.iter().cloned().collect() };
        let tls = is_tls.then(|| Tls {
            sni: self.sni.clone().unwrap_or_default(),
            alpn: self.alpn.clone(),
            certificate: (!has_none).then_some(certificate),
        });
        // Without TLS of its own, a client is known by the tunnel in which it comes.
        let mut tunnel = self.principal.iter().filter(|uri| !is_tls && !uri.is_empty()).map(|principal| Tunnel {
            certificate: Some(Certificate { uris: vec![principal.clone()] }),
            authority: destination.to_string(),
        });
        let tunnel = tunnel.next_back();
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            let values = match value {
                Value::Array(list) => list.iter().map(text).collect(),
                one => vec![text(one)],
            };
            headers.extend(values.into_iter().map(|value| (name.clone(), value)));
        }
        Ok(Request {
            direction,
            destination,
            source,
            tls,
            tunnel,
            speaks,
            version,
            method: self.method.clone(),
            authority: self.authority.clone(),
            path: self.path.clone(),
            headers,
            token: self.jwt.clone().map(|claims| Token { claims }),
        })
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
