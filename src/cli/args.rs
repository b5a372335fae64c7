//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// Translates Kubernetes and Istio manifests to the Envoy configuration that istiod would serve, without a cluster.
#[derive(Debug, Parser)]
#[command(name = "meshc", version, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Writes the config dump of each proxy.
    Translate(Translate),
    /// Prints the manifests, completed by what the controllers would make, as YAML that istiod could be fed with.
    Expand(Expand),
}

/// What `translate` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Translate {
    /// Folders (read with all below), files, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Writes `<pod>.<namespace>.json` for each proxy into this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) out_dir: Option<PathBuf>,
    /// Proxies by NAME or NAME.NAMESPACE.
    #[arg(long)]
    pub(super) proxy: Vec<String>,
    /// Does not complete what the input lacks.
    #[arg(long)]
    pub(super) no_expand: bool,
}

/// What `expand` takes.
#[derive(Debug, ClapArgs)]
pub(super) struct Expand {
    /// Folders (read with all below), files, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}
