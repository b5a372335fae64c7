//! Files -> manifests, completed, and what the mesh is set up with: what every command begins with.

mod revision;

use std::collections::BTreeMap;

use crate::budget;
use crate::control_plane::ControlPlane;
use crate::coverage;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expand::{self, Expansion, OtherRevision};
use crate::ingest::{self, Manifests, MeshSettings};
use crate::intake;
use crate::mesh::Mesh;
use crate::options::Options;
use crate::source::SourceFile;

/// The input, read.
#[derive(Debug)]
pub struct Input {
    /// The resources, completed.
    pub manifests: Manifests,
    /// How istiod runs.
    pub control_plane: ControlPlane,
    /// What they were completed with.
    pub expansion: Expansion,
    /// What the mesh is set up with.
    pub settings: MeshSettings,
    /// What there is to say so far.
    pub diagnostics: Diagnostics,
    /// What istiod would fetch, by URI.
    jwks: BTreeMap<String, String>,
}

impl Input {
    /// Reads files.
    pub fn new(files: Vec<SourceFile>, options: &Options) -> Self {
        let (manifests, diagnostics) = ingest::ingest_within(files, &options.budgets);
        Self::of(manifests, diagnostics, options)
    }

    /// Takes manifests that are read already, and what there is to say of them.
    pub fn of(mut manifests: Manifests, mut diagnostics: Diagnostics, options: &Options) -> Self {
        diagnostics.extend(budget::check(&manifests, &options.budgets));
        let (options, note) = revision::choose(&manifests, options);
        let options = options.as_ref();
        diagnostics.push_some(note);
        let control_plane = ControlPlane::new(&manifests, options);
        diagnostics.extend(control_plane.diagnostics.clone());
        let installation = control_plane.installation.clone();
        diagnostics.extend(control_plane.drop_unread(&mut manifests));
        diagnostics.extend(intake::apply(&mut manifests, &installation));
        let expansion = expand::expand(&mut manifests, options, &installation);
        diagnostics.extend(expansion.diagnostics.clone());
        let settings = ingest::mesh_settings(&manifests, options, installation, &mut diagnostics);
        diagnostics.extend(coverage::unsupported(&manifests, settings.installation.features.ambient));
        diagnostics.extend(budget::check_policies(&manifests, &settings.config.root_namespace, &options.budgets));
        diagnostics.extend(other_revisions(&expansion));
        Self { manifests, control_plane, expansion, settings, diagnostics, jwks: options.jwks.clone() }
    }

    /// Takes what there is to say, each finding at its place.
    pub fn take_diagnostics(&mut self) -> Diagnostics {
        let manifests = &self.manifests;
        let all = std::mem::take(&mut self.diagnostics);
        all.finish(&manifests.sources, |resource, path| manifests.locate(resource, path))
    }

    /// Returns the first error that says that the input multiplies too much to go on.
    pub fn beyond_limits(&self) -> Option<Diagnostic> {
        let is_limit = |diagnostic: &&Diagnostic| diagnostic.code.starts_with("limit-");
        let found = self.diagnostics.iter().filter(is_limit).cloned();
        let mut all = Diagnostics::default();
        found.for_each(|diagnostic| all.push(diagnostic));
        let all = all.finish(&self.manifests.sources, |resource, path| self.manifests.locate(resource, path));
        all.into_iter().next()
    }

    /// Resolves what was read.
    pub fn mesh(&self) -> Mesh {
        Mesh::new(&self.manifests, &self.settings).with_jwks(self.jwks.clone())
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
