//! What can be typed after `meshc explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::MeshFlags;
use crate::evaluate;

/// What `explain` takes.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0 the request is forwarded or answered, 1 it is refused or lost, 2 cannot tell.")]
pub(in crate::cli) struct Explain {
    /// Manifests (folders, files, `-`); then, as for curl, a method and a URL.
    #[arg(value_name = "PATH... [METHOD] [URL]", required_unless_present_any = ["dump"])]
    pub(super) words: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) mesh: MeshFlags,
    /// Where the request comes from: a Pod, a Deployment or a Service, or `outside`, through the gateway that has the host.
    #[arg(long, value_name = "WORKLOAD.NS", conflicts_with_all = ["at", "destination", "dump", "requests"])]
    pub(super) from: Option<String>,
    /// The proxy that is asked, with no second hop: a Pod, a Deployment, a Service or a waypoint.
    #[arg(long, value_name = "POD.NS")]
    pub(super) at: Option<String>,
    /// Which way the connection goes through the proxy. Without it: out of a sidecar, to a port of a gateway, in through a waypoint.
    #[arg(long, value_name = "DIRECTION")]
    pub(super) direction: Option<Direction>,
    /// Where the connection goes. Without it: the address of the URL's host, or of the proxy that is asked.
    #[arg(long, value_name = "IP:PORT")]
    pub(super) destination: Option<String>,
    /// The configuration of a running proxy (its `/config_dump?include_eds`, or `istioctl proxy-config all -o json`), in place of
    /// manifests.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["no_expand", "mesh_config", "mesh_networks", "jwks"])]
    pub(super) dump: Option<PathBuf>,
    /// Requests, as a JSON list or JSON lines of `{"proxy", "direction", "request": {"destination", "scheme", "sni", "method",
    /// "authority", "path", "headers"}}`; the answers are a JSON list in the same order.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "destination"])]
    pub(super) requests: Option<PathBuf>,
    #[command(flatten)]
    pub(super) curl: Curl,
    /// The form of the output.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: Format,
    /// Tells of every filter chain, filter and route.
    #[arg(short, long)]
    pub(super) verbose: bool,
}

/// The request, in curl's words.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request, as for curl")]
pub(super) struct Curl {
    /// The method.
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    pub(super) method: Option<String>,
    /// A header. May be given several times.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub(super) headers: Vec<(String, String)>,
    /// A body; only its size counts. The method is POST unless another is given.
    #[arg(short, long, value_name = "DATA")]
    pub(super) data: Option<String>,
    /// The address of a host, in place of DNS.
    #[arg(long, value_name = "HOST:PORT:ADDRESS")]
    pub(super) resolve: Vec<String>,
    /// Speaks HTTP/1.0.
    #[arg(long = "http1.0", conflicts_with_all = ["http11", "http2"])]
    pub(super) http10: bool,
    /// Speaks HTTP/1.1.
    #[arg(long = "http1.1", conflicts_with = "http2")]
    pub(super) http11: bool,
    /// Speaks HTTP/2.
    #[arg(long)]
    pub(super) http2: bool,
    /// The server name of the TLS handshake, in place of the URL's host.
    #[arg(long, value_name = "NAME")]
    pub(super) sni: Option<String>,
    /// A token, as a file or as JSON: its claims, which are taken as verified by the issuer that they name.
    #[arg(long, value_name = "FILE|CLAIMS")]
    pub(super) jwt: Option<String>,
    /// The client's identity, as AuthorizationPolicies have it (`cluster.local/ns/shop/sa/cart`), for the proxy that `--at` names.
    #[arg(long, value_name = "PRINCIPAL", requires = "at", conflicts_with_all = ["from", "destination", "dump", "requests"], value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(super) principal: Option<String>,
    /// The client's address.
    #[arg(long, value_name = "IP")]
    pub(super) source_ip: Option<String>,
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err("it has the form NAME: VALUE".to_owned()),
    }
}

/// Ways through a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Direction {
    /// The workload's own connection.
    Outbound,
    /// A connection to the workload.
    Inbound,
    /// A connection to a port of the proxy itself.
    Gateway,
}

impl Direction {
    pub(super) fn to_envoys(self) -> evaluate::Direction {
        match self {
            Self::Outbound => evaluate::Direction::Outbound,
            Self::Inbound => evaluate::Direction::Inbound,
            Self::Gateway => evaluate::Direction::Gateway,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::Gateway => "gateway",
        }
    }
}

/// Forms of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A page to read.
    Text,
    /// For programs.
    Json,
    /// A flowchart, which GitHub draws.
    Mermaid,
}
