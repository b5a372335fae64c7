//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::limits::Limits;
use super::rendered::RenderFlags;
use crate::config_dump::{Mask, NameRegex, QueryError, ResourceList};
use crate::installation::Release;

/// Translate Kubernetes and Istio manifests to the Envoy configuration that istiod would serve, without a cluster.
#[derive(Debug, Parser)]
#[command(name = "meshc", version, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) output: OutputFlags,
}

/// Flags of all commands.
#[derive(Debug, ClapArgs)]
pub(super) struct OutputFlags {
    /// Suppress all output except results and fatal errors.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// When to use colors.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// Use colors on a terminal.
    Auto,
    /// Always use colors.
    Always,
    /// Never use colors.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the Envoy config dump of each proxy.
    Translate(Translate),
    /// Show a proxy's clusters, listeners, routes, endpoints and secrets as tables.
    Show(Show),
    /// Find mistakes in manifests.
    ///
    /// Runs the checks of `istioctl analyze`, and checks on the configuration that the manifests translate to.
    Lint(super::lint::Lint),
    /// Compare the configuration of two sets of manifests, config dumps or git revisions.
    Diff(Diff),
    /// List the proxies.
    Proxies(Proxies),
    /// Show how istiod runs, and which file or flag says so: its version, switches, cluster and injector.
    Settings(Settings),
    /// Find the values and objects in the manifests that produce a field of a proxy's configuration.
    Why(Why),
    /// Show what a value or an object in the manifests changes, and on which proxies.
    Affects(Affects),
    /// Draw the chain of Istio's objects beside Envoy's chain of resources, with arrows from each object to what it shapes.
    Graph(Graph),
    /// Write a page with the proxies, the cause of each line of their configuration, lint findings and pictures.
    Report(Report),
    /// Explain what happens to a request: its listener, filter chain, route, cluster and policies, and why not others.
    Explain(Box<super::explain::Explain>),
    /// Run a file of requests as tests, for CI.
    Test(Box<super::test::Test>),
    /// Print the manifests with everything that controllers would add.
    Expand(Expand),
    /// Explain a lint rule, with examples.
    ExplainRule {
        /// The rule's code or name: `IST0101`, `referenced-resource-not-found`. Lists all rules if omitted.
        rule: Option<String>,
    },
    /// Generate a shell completion script.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Generate a man page.
    Man {
        /// The command to document. Defaults to meshc itself.
        command: Option<String>,
    },
    /// Generate the manifests of a mesh of any size.
    #[command(hide = true)]
    Generate(Generate),
}

impl Command {
    /// Returns how much the command may take, if it reads anything.
    pub(super) fn limits(&self) -> Option<&Limits> {
        let mesh = match self {
            Self::Translate(arguments) => &arguments.input.mesh,
            Self::Proxies(arguments) => &arguments.input.mesh,
            Self::Show(arguments) => &arguments.mesh,
            Self::Lint(arguments) => &arguments.mesh,
            Self::Diff(arguments) => &arguments.mesh,
            Self::Settings(arguments) => &arguments.mesh,
            Self::Why(arguments) => &arguments.mesh,
            Self::Affects(arguments) => &arguments.mesh,
            Self::Graph(arguments) => &arguments.mesh,
            Self::Report(arguments) => &arguments.mesh,
            Self::Explain(arguments) => &arguments.mesh,
            Self::Test(arguments) => &arguments.mesh,
            Self::Expand(arguments) => &arguments.mesh,
            Self::ExplainRule { .. } | Self::Completions { .. } | Self::Man { .. } | Self::Generate(_) => return None,
        };
        Some(&mesh.limits)
    }
}

/// Where the mesh comes from.
#[derive(Debug, ClapArgs)]
pub(super) struct Input {
    /// Files, folders (read recursively), or `-` for standard input.
    #[arg(required_unless_present_any = ["kustomize", "helm"], value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) mesh: MeshFlags,
    #[command(flatten)]
    pub(super) render: RenderFlags,
    /// Exit with code 1 and write nothing if the input has errors.
    #[arg(long)]
    pub(super) strict: bool,
}

/// How manifests become a mesh.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(super) struct MeshFlags {
    /// Do not add the objects and values that controllers would.
    #[arg(long)]
    pub(super) no_expand: bool,
    /// Read the mesh config from this file instead of the ConfigMap `istio`.
    #[arg(long, value_name = "FILE")]
    pub(super) mesh_config: Option<PathBuf>,
    /// Read the mesh networks from this file instead of the ConfigMap `istio`.
    #[arg(long, value_name = "FILE")]
    pub(super) mesh_networks: Option<PathBuf>,
    /// The revision of istiod, which decides the injection labels and `istio.io/rev` labels that apply [default: the one that most
    /// namespaces ask for].
    #[arg(long, value_name = "REVISION")]
    pub(super) revision: Option<String>,
    /// Set a variable of istiod's environment, overriding its Deployment. Repeatable.
    #[arg(long, value_name = "KEY=VALUE", value_parser = variable)]
    pub(super) istiod_env: Vec<(String, String)>,
    /// Read the values of istiod's chart from this file instead of the injector's ConfigMap.
    #[arg(long, value_name = "FILE")]
    pub(super) values: Option<PathBuf>,
    /// The cluster ID, overriding istiod's Deployment.
    #[arg(long, value_name = "ID")]
    pub(super) cluster_id: Option<String>,
    /// The cluster domain, overriding istiod's Deployment.
    #[arg(long, value_name = "DOMAIN")]
    pub(super) domain: Option<String>,
    /// The network of the cluster, overriding the label of istiod's namespace.
    #[arg(long, value_name = "NETWORK")]
    pub(super) network: Option<String>,
    /// Read settings from this file instead of the nearest `.meshc.yaml`.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The JSON Web Key Set or OpenID configuration that istiod would fetch from a URI. Repeatable.
    #[arg(long, value_name = "URI=FILE", value_parser = jwks)]
    pub(super) jwks: Vec<Jwks>,
    /// The release of istiod, such as 1.29 or 1.29.6, and of its proxies; without it, what the input says, else 1.30.
    ///
    /// `diff` takes two, `1.29..1.31`: what an upgrade changes for each proxy, by its causes.
    #[arg(long, value_name = "VERSION", value_parser = istio_version)]
    pub(super) istio_version: Option<IstioVersion>,
    /// The release of the proxies where it is not istiod's, as in the middle of an upgrade; `image` is what the image of each Pod says.
    #[arg(long, value_name = "VERSION", value_parser = proxy_version)]
    pub(super) proxy_version: Option<ProxyVersion>,
    #[command(flatten)]
    pub(super) limits: Limits,
}

/// The first `=` parts the two.
fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it has the form KEY=VALUE".to_owned()),
    }
}

/// istiod's release, or two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IstioVersion {
    /// This one.
    One(Release),
    /// From one to the other.
    Upgrade(Release, Release),
}

fn istio_version(text: &str) -> Result<IstioVersion, String> {
    match text.split_once("..") {
        None => release(text).map(IstioVersion::One),
        Some((from, to)) => Ok(IstioVersion::Upgrade(release(from)?, release(to)?)),
    }
}

/// Which release a proxy is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyVersion {
    /// What the image of its Pod says.
    Image,
    /// This one, whatever the Pods say.
    Release(Release),
}

fn release(text: &str) -> Result<Release, String> {
    Release::parse(text).ok_or_else(|| "not a version of Istio, such as 1.29 or 1.29.6".to_owned())
}

fn proxy_version(text: &str) -> Result<ProxyVersion, String> {
    if text == "image" { Ok(ProxyVersion::Image) } else { release(text).map(ProxyVersion::Release) }
}

/// What a URI returns.
#[derive(Debug, Clone)]
pub(super) struct Jwks {
    /// The URI.
    pub(super) uri: String,
    /// Where the content is.
    pub(super) file: PathBuf,
}

/// The last `=` parts the two: URIs may have others in their query.
fn jwks(text: &str) -> Result<Jwks, String> {
    match text.rsplit_once('=') {
        Some((uri, file)) if !uri.is_empty() && !file.is_empty() => {
            Ok(Jwks { uri: uri.to_owned(), file: PathBuf::from(file) })
        }
        _ => Err("it has the form URI=FILE".to_owned()),
    }
}

/// Which proxies.
#[derive(Debug, ClapArgs)]
pub(super) struct Selection {
    /// Select proxies by name; `*` and `?` are wildcards. Repeatable.
    #[arg(long, value_name = "NAME[.NAMESPACE]")]
    pub(super) proxy: Vec<String>,
    /// Select proxies by namespace; `*` and `?` are wildcards. Repeatable.
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(super) namespace: Vec<String>,
    /// Select proxies of this kind.
    #[arg(long)]
    pub(super) kind: Option<Kind>,
}

/// Kinds of proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// A proxy that runs next to a workload.
    Sidecar,
    /// A standalone proxy at the edge of the mesh.
    Gateway,
    /// On its own, in front of services of an ambient mesh.
    Waypoint,
    /// On its own, the entrance of an ambient mesh from other networks.
    EastWest,
}

/// What `translate` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Translate {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Write `<pod>.<namespace>.json` for each proxy into this folder.
    ///
    /// Without it, the dump of one exact `--proxy` goes to standard output, and anything else as one object keyed by proxy.
    #[arg(long, value_name = "DIR")]
    pub(super) out_dir: Option<PathBuf>,
    /// Print the dumps of all selected proxies to the terminal.
    ///
    /// On a terminal, the default without `--proxy` is a table of the proxies. Piped output always holds all dumps.
    #[arg(long)]
    pub(super) all: bool,
    /// Output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "json")]
    pub(super) output: DumpFormat,
    /// Translates again whenever a file changes.
    #[arg(long, requires = "out_dir")]
    pub(super) watch: bool,
    // Last, as its heading would be that of what comes after it.
    #[command(flatten)]
    pub(super) part: Part,
}

/// Which part of a dump: the parameters of Envoy's admin endpoint `/config_dump`.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Part of the dump, as the parameters of Envoy's /config_dump")]
pub(super) struct Part {
    /// Only the entries of one list, such as `dynamic_listeners` or `dynamic_active_clusters`.
    #[arg(long, value_name = "LIST", value_parser = resource)]
    pub(super) resource: Option<ResourceList>,
    /// Only these fields of each entry (of each section without `--resource`): `cluster.name,cluster.lb_policy`.
    #[arg(long, value_name = "FIELDS", value_parser = mask)]
    pub(super) mask: Option<Mask>,
    /// Only resources whose full name matches.
    #[arg(long, value_name = "REGEX", value_parser = NameRegex::parse)]
    pub(super) name_regex: Option<NameRegex>,
    /// Include the endpoints.
    #[arg(
        long,
        value_name = "BOOL",
        default_value_t = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        action = clap::ArgAction::Set
    )]
    pub(super) include_eds: bool,
}

fn resource(name: &str) -> Result<ResourceList, String> {
    ResourceList::parse(name).map_err(|error| match error {
        QueryError::NoSuchList(_) => format!("{error}; there are {}", ResourceList::names().join(", ")),
        _ => error.to_string(),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the form that clap asks for")]
fn mask(text: &str) -> Result<Mask, std::convert::Infallible> {
    Ok(Mask::parse(text))
}

/// Forms of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DumpFormat {
    /// JSON, as Envoy's admin endpoint prints it.
    Json,
    /// YAML.
    Yaml,
}

/// What `show` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Show {
    /// Manifests or a config dump (files, folders, `-`), and what to show: clusters, listeners, routes, endpoints, secrets or
    /// all.
    #[arg(required = true, value_name = "PATH... [WHAT]")]
    pub(super) arguments: Vec<String>,
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    pub(super) mesh: MeshFlags,
    /// Output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "short")]
    pub(super) output: ShowFormat,
    #[command(flatten)]
    pub(super) filters: ShowFilters,
}

/// What `show` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowWhat {
    /// Clusters.
    #[value(aliases = ["cluster", "c"])]
    Clusters,
    /// Listeners.
    #[value(aliases = ["listener", "l"])]
    Listeners,
    /// Routes.
    #[value(aliases = ["route", "r"])]
    Routes,
    /// Endpoints.
    #[value(aliases = ["endpoint", "ep"])]
    Endpoints,
    /// Secrets.
    #[value(aliases = ["secret", "s"])]
    Secrets,
    /// All of them.
    #[value(alias = "a")]
    All,
}

/// Forms of what `show` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowFormat {
    /// A table.
    Short,
    /// The resources as JSON.
    Json,
    /// The resources as YAML.
    Yaml,
}

/// Which rows: the filters of `istioctl proxy-config`.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Filters, as of istioctl proxy-config")]
pub(super) struct ShowFilters {
    /// Clusters whose name contains this service FQDN.
    #[arg(long, value_name = "FQDN")]
    pub(super) fqdn: Option<String>,
    /// Clusters of this direction: inbound or outbound.
    #[arg(long, value_name = "DIRECTION")]
    pub(super) direction: Option<String>,
    /// Clusters of this subset.
    #[arg(long, value_name = "SUBSET")]
    pub(super) subset: Option<String>,
    /// Clusters, listeners or endpoints of this port.
    #[arg(long, value_name = "PORT")]
    pub(super) port: Option<u32>,
    /// Listeners of this address, or endpoints of this address and port.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) address: Option<String>,
    /// Listeners of this type: HTTP, TCP or HTTP+TCP.
    #[arg(long, value_name = "TYPE")]
    pub(super) r#type: Option<String>,
    /// The route configuration of this name.
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Endpoints of this cluster.
    #[arg(long, value_name = "CLUSTER")]
    pub(super) cluster: Option<String>,
    /// Endpoints of this health status, such as HEALTHY.
    #[arg(long, value_name = "STATUS")]
    pub(super) status: Option<String>,
    /// Show each filter chain of a listener and the matches that lead to it; waypoints are always shown so.
    #[arg(long)]
    pub(super) waypoint: bool,
    /// Show matches and destinations of listeners, and each route.
    #[arg(
        long,
        value_name = "BOOL",
        default_value_t = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        action = clap::ArgAction::Set
    )]
    pub(super) verbose: bool,
}

/// What `proxies` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Proxies {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(super) output: ListFormat,
}

/// What `settings` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Settings {
    /// Folders (read with all below), files, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) mesh: MeshFlags,
    /// Lists the switches that have their defaults too.
    #[arg(long)]
    pub(super) all: bool,
    /// The form of the output.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(super) output: ListFormat,
}

/// What `diff` takes.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit code: 0 if both sides are equal, 1 if they differ, 2 on failure.")]
pub(super) struct Diff {
    /// Two sides, or `REV..REV` and the paths to compare in both git revisions.
    ///
    /// A side is manifests (a folder, a file), dumps (the answer of an Envoy's `/config_dump?include_eds`, of `istioctl proxy-config
    /// all -o json`, of istiod's `/debug/config_dump`, of `meshc translate`, or a folder of such), `-` for either on standard input,
    /// or `REV:PATH` for either in a git revision.
    #[arg(required = true, value_name = "A B", num_args = 1..)]
    pub(super) sides: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) mesh: MeshFlags,
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Also compare what only a running proxy has: bootstrap, static resources, certificates.
    #[arg(long)]
    pub(super) all: bool,
    /// Output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "summary")]
    pub(super) output: DiffFormat,
    /// Print counts only.
    #[arg(long, conflicts_with = "output")]
    pub(super) stat: bool,
}

/// Forms of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// One line per changed field.
    Summary,
    /// Resources line by line, like `diff -u`.
    Unified,
    /// JSON.
    Json,
    /// Markdown, for a comment on a pull request.
    Markdown,
}

/// What `why` takes.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit code: 0 an answer, 2 no such proxy or field.")]
pub(super) struct Why {
    /// Manifests (files, folders, `-`), and the field: `clusters[NAME].outlier_detection.interval` as `meshc diff` prints it (`*`
    /// matches anything), a whole resource (`routes[9080]`), or a JSON pointer into the dump.
    #[arg(required = true, value_name = "PATH... FIELD")]
    pub(super) arguments: Vec<String>,
    #[command(flatten)]
    pub(super) mesh: MeshFlags,
    /// The proxy.
    #[arg(long, value_name = "NAME.NAMESPACE", required_unless_present = "table")]
    pub(super) proxy: Option<String>,
    /// Answers for every field of the resource: each on a line, with its cause at the end.
    #[arg(long)]
    pub(super) all: bool,
    /// Show which kinds of objects shape which part of the configuration on the way of a request; takes no FIELD.
    #[arg(long, conflicts_with_all = ["proxy", "all"])]
    pub(super) table: bool,
    /// With --table, only this way of a request [default: all that the mesh has].
    #[arg(long, requires = "table")]
    pub(super) chain: Option<ChainName>,
    /// The form of the output.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: WhyFormat,
}

/// Ways of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ChainName {
    /// From outside, through a gateway.
    Ingress,
    /// From a workload to a service of the mesh.
    Service,
    /// From a workload to a host outside of the mesh.
    Egress,
}

/// What `graph` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Graph {
    /// Files, folders (read recursively), or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Draw only what handles requests to this host: `reviews`, `reviews.bookstore.svc.cluster.local`, `books.example.com`.
    #[arg(long, value_name = "HOST", conflicts_with_all = ["proxy", "object"])]
    pub(super) host: Option<String>,
    /// Draw only this proxy.
    #[arg(long, value_name = "NAME.NAMESPACE", conflicts_with = "object")]
    pub(super) proxy: Option<String>,
    /// Draw only the hosts whose requests this object changes: `DestinationRule bookstore/reviews`.
    #[arg(long, value_name = "KIND NAMESPACE/NAME")]
    pub(super) object: Option<String>,
    /// Output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "mermaid")]
    pub(super) output: GraphFormat,
    #[command(flatten)]
    pub(super) mesh: MeshFlags,
}

/// What `report` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Report {
    /// Files, folders (read recursively), or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The file to write. It loads nothing, and holds no Secret.
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) mesh: MeshFlags,
}

/// Forms of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// A Mermaid flowchart, for Markdown.
    Mermaid,
    /// A Graphviz graph.
    Dot,
    /// A picture.
    Svg,
    /// A page with the picture.
    Html,
}

/// What `affects` takes.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit code: 0 it changes something, 1 nothing, 2 cannot tell.")]
pub(super) struct Affects {
    /// Folders (read with all below), files, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The value or the object: `FILE:LINE[:COLUMN]`, `KIND NAMESPACE/NAME`, or `KIND NAMESPACE/NAME#FIELD`.
    #[arg(required = true, value_name = "PLACE")]
    pub(super) place: String,
    #[command(flatten)]
    pub(super) mesh: MeshFlags,
    /// Counts only.
    #[arg(long, conflicts_with = "output")]
    pub(super) stat: bool,
    /// The form of the output.
    #[arg(short, long, value_name = "FORMAT", default_value = "summary")]
    pub(super) output: AffectsFormat,
}

/// Forms of what a place changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AffectsFormat {
    /// A line for each field.
    Summary,
    /// For programs, as of `meshc diff`.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

/// Forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum WhyFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What `expand` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Expand {
    /// Files, folders (read recursively), or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Replace each value of a Secret with `[redacted]`.
    #[arg(long)]
    pub(super) redact: bool,
    /// Exit with code 1 and write nothing if the input has errors.
    #[arg(long)]
    pub(super) strict: bool,
    #[command(flatten)]
    pub(super) mesh: MeshFlags,
}

/// Forms of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// A table.
    Table,
    /// JSON.
    Json,
}

/// What `generate` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Generate {
    /// The folder to write into.
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Services.
    #[arg(long, default_value_t = 1000)]
    pub(super) services: u32,
    /// Pods behind each Service.
    #[arg(long, default_value_t = 2)]
    pub(super) pods: u32,
    /// Namespaces, among which the Services are spread.
    #[arg(long, default_value_t = 10)]
    pub(super) namespaces: u32,
    /// Which of the meshes of this size.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
}
