//! From paths to a mesh: what `translate` and `proxies` begin with.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;

use super::{args, source};
use crate::coverage;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::expand::{self, Expansion, OtherRevision};
use crate::ingest::{self, Manifests, MeshSettings};
use crate::mesh::Mesh;
use crate::options::Options;
use crate::source::SourceFile;

/// The input, read.
#[derive(Debug)]
pub(super) struct Input {
    /// When reading began.
    pub(super) start: Instant,
    /// The resources, completed.
    pub(super) manifests: Manifests,
    /// What they were completed with.
    pub(super) expansion: Expansion,
    /// What the mesh is set up with.
    pub(super) settings: MeshSettings,
    /// What istiod would fetch, by URI.
    jwks: BTreeMap<String, String>,
    /// What there is to say so far.
    pub(super) diagnostics: Diagnostics,
}

impl Input {
    /// Reads the input.
    pub(super) fn read(arguments: &args::Input) -> anyhow::Result<Self> {
        let start = Instant::now();
        let options = arguments.mesh.options()?;
        let files = source::read(&arguments.paths);
        if let [SourceFile { path, content: Err(reason) }] = files.as_slice() {
            anyhow::bail!("cannot read {path}: {reason}");
        }
        Ok(Self::of(start, files, &options))
    }

    /// Takes files that are read already.
    pub(super) fn of(start: Instant, files: Vec<SourceFile>, options: &Options) -> Self {
        let (mut manifests, mut diagnostics) = ingest::ingest(files);
        let expansion = expand::expand(&mut manifests, options);
        let Options { mesh_config, mesh_networks, revision, .. } = options;
        let settings =
            ingest::mesh_settings(&manifests, revision, mesh_config.as_ref(), mesh_networks.as_ref(), &mut diagnostics);
        diagnostics.extend(coverage::unsupported(&manifests));
        diagnostics.extend(other_revisions(&expansion));
        Self { start, manifests, expansion, settings, jwks: options.jwks.clone(), diagnostics }
    }

    /// Resolves what was read.
    pub(super) fn mesh(&self) -> Mesh {
        Mesh::new(&self.manifests, &self.settings).with_jwks(self.jwks.clone())
    }

    /// Says whether the input has errors.
    pub(super) fn has_errors(&self) -> bool {
        self.diagnostics.count(Severity::Error) > 0
    }
}

/// Says which workloads get no proxy because they ask for another revision's.
fn other_revisions(expansion: &Expansion) -> Diagnostics {
    let note = |skipped: &OtherRevision| {
        let OtherRevision { name, revision, source } = skipped;
        let message = format!("Pod {name} gets no proxy: it asks for one of revision {revision}");
        Diagnostic::note("other-revision", message)
            .at(*source, "metadata")
            .help(format!("--revision {revision} translates the mesh as the istiod of that revision sees it"))
    };
    expansion.other_revisions.iter().map(note).collect()
}

fn jwks(argument: &args::Jwks) -> anyhow::Result<(String, String)> {
    let content = std::fs::read(&argument.file).with_context(|| format!("cannot read {}", argument.file.display()))?;
    let text = String::from_utf8(content).with_context(|| format!("{} is no text", argument.file.display()))?;
    Ok((argument.uri.clone(), text))
}

impl args::MeshFlags {
    /// Reads what the flags name.
    pub(super) fn options(&self) -> anyhow::Result<Options> {
        Ok(Options {
            mesh_config: self.mesh_config.as_deref().map(file).transpose()?,
            mesh_networks: self.mesh_networks.as_deref().map(file).transpose()?,
            revision: self.revision.clone(),
            jwks: self.jwks.iter().map(jwks).collect::<anyhow::Result<_>>()?,
            expand: !self.no_expand,
        })
    }
}

fn file(path: &Path) -> anyhow::Result<SourceFile> {
    let content = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(SourceFile::new(path.display().to_string(), content))
}
