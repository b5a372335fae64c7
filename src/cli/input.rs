//! From paths and flags to the input that is there.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;

use super::args::{IstioVersion, ProxyVersion};
use super::lint::config;
use super::rendered::{RenderFlags, Rendered};
use super::{args, guard, render, source};
use crate::diagnostic::{Diagnostics, Severity};
use crate::input;
use crate::installation::Release;
use crate::options::{DumpedNode, IstioOptions, Options, Stated};
use crate::provenance::World;
use crate::proxy;
use crate::source::SourceFile;

/// The input, read, and since when.
#[derive(Debug)]
pub(super) struct Input {
    /// When reading began.
    pub(super) start: Instant,
    input: input::Input,
}

impl Deref for Input {
    type Target = input::Input;

    fn deref(&self) -> &input::Input {
        &self.input
    }
}

impl DerefMut for Input {
    fn deref_mut(&mut self) -> &mut input::Input {
        &mut self.input
    }
}

impl Input {
    /// Reads the input.
    pub(super) fn read(paths: &[PathBuf], mesh: &args::MeshFlags) -> anyhow::Result<Self> {
        let start = Instant::now();
        let options = mesh.options()?;
        let files = source::read(paths, &mesh.limits)?;
        if let [SourceFile { path, content: Err(reason), .. }] = files.as_slice() {
            anyhow::bail!("cannot read {path}: {reason}");
        }
        Self::of(start, files, &options)
    }

    /// Reads the input, and what other programs render of it.
    pub(super) fn rendered(
        paths: &[PathBuf],
        mesh: &args::MeshFlags,
        render: &RenderFlags,
    ) -> anyhow::Result<(Self, Rendered)> {
        if render.is_empty() {
            return Ok((Self::read(paths, mesh)?, Rendered::default()));
        }
        let start = Instant::now();
        let options = mesh.options()?;
        let (mut files, rendered) = render.render(&mesh.limits)?;
        files.extend(source::read(paths, &mesh.limits)?);
        Ok((Self::of(start, files, &options)?, rendered))
    }

    /// Takes files that are read already.
    pub(super) fn of(start: Instant, files: Vec<SourceFile>, options: &Options) -> anyhow::Result<Self> {
        Self { start, input: input::Input::new(files, options) }.within_limits()
    }

    /// Takes what a world holds.
    pub(super) fn of_world(start: Instant, world: &World) -> anyhow::Result<Self> {
        Self { start, input: world.input() }.within_limits()
    }

    /// Refuses an input that multiplies too much, and says where.
    fn within_limits(self) -> anyhow::Result<Self> {
        guard::step("the translation");
        let Some(limit) = self.input.beyond_limits() else { return Ok(self) };
        let mut all = Diagnostics::default();
        all.push(limit);
        // Standard error may be full; the exit code tells.
        let _ = render::write(&all, &self.input.manifests.sources, &mut anstream::stderr().lock());
        anyhow::bail!("the input is beyond a limit")
    }

    /// Says whether the input has errors.
    pub(super) fn has_errors(&self) -> bool {
        self.diagnostics.count(Severity::Error) > 0
    }
}

/// What is asked of a [`World`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// One thing.
    One,
    /// Something of all proxies.
    All,
}

/// Reads the input as it is written; the question says how long what follows may take.
pub(super) fn world(paths: &[PathBuf], mesh: &args::MeshFlags, question: Question) -> anyhow::Result<World> {
    let files = source::read(paths, &mesh.limits)?;
    if let [SourceFile { path, content: Err(reason), .. }] = files.as_slice() {
        anyhow::bail!("cannot read {path}: {reason}");
    }
    let world = World::new(files, &mesh.options()?);
    let proxies = match question {
        Question::One => 0,
        Question::All => proxy::proxies(&world.input().mesh()).len(),
    };
    guard::many("translating the mesh and its variants", proxies);
    Ok(world)
}

impl args::Input {
    /// Reads the input, and what other programs render of it.
    pub(super) fn read(&self) -> anyhow::Result<(Input, Rendered)> {
        Input::rendered(&self.paths, &self.mesh, &self.render)
    }

    /// Returns the paths whose change changes the input.
    pub(super) fn watched(&self) -> Vec<PathBuf> {
        self.paths.iter().chain(&self.render.kustomize).chain(&self.render.helm).cloned().collect()
    }
}

impl args::MeshFlags {
    /// Reads what the flags name.
    pub(super) fn options(&self) -> anyhow::Result<Options> {
        let (file, by) = config::istio(self.config.as_deref(), &self.limits)?;
        let mesh_config = match &self.mesh_config {
            Some(path) => Some(self.file(path)?),
            None => file.mesh_config,
        };
        let values = match &self.values {
            Some(path) => Some(self.file(path)?),
            None => file.values,
        };
        let of_file = |value: Option<String>| value.map(|value| Stated { value, by: by.clone() });
        let stated = |flag: &str, value: &Option<String>, file: Option<String>| match value {
            Some(value) => Some(Stated { value: value.clone(), by: format!("--{flag}") }),
            None => of_file(file),
        };
        let mut env: BTreeMap<String, Stated> =
            file.env.into_iter().map(|(name, value)| (name, Stated { value, by: by.clone() })).collect();
        for (name, value) in &self.istiod_env {
            env.insert(name.clone(), Stated { value: value.clone(), by: "--istiod-env".to_owned() });
        }
        Ok(Options {
            mesh_config,
            mesh_networks: self.mesh_networks.as_deref().map(|path| self.file(path)).transpose()?,
            revision: self.revision.clone().or(file.revision).unwrap_or_default(),
            jwks: self.jwks.iter().map(|argument| self.jwks(argument)).collect::<anyhow::Result<_>>()?,
            expand: !self.no_expand,
            istio: IstioOptions {
                version: stated("istio-version", &self.release()?.map(|release| release.to_string()), file.version),
                env,
                values,
                cluster_id: stated("cluster-id", &self.cluster_id, file.cluster_id),
                domain: stated("domain", &self.domain, file.domain),
                network: stated("network", &self.network, file.network),
                mesh_id: of_file(file.mesh_id),
                dumped: DumpedNode::default(),
            },
            budgets: self.limits.budgets(),
            proxy_version: self.of_proxies()?,
            behaviours: Vec::new(),
        })
    }

    fn file(&self, path: &Path) -> anyhow::Result<SourceFile> {
        Ok(SourceFile::new(path.display().to_string(), source::named(path, &self.limits)?))
    }

    fn jwks(&self, args::Jwks { uri, file }: &args::Jwks) -> anyhow::Result<(String, String)> {
        let text = String::from_utf8(source::named(file, &self.limits)?);
        Ok((uri.clone(), text.with_context(|| format!("{} is not valid UTF-8", file.display()))?))
    }

    /// Returns istiod's release, if the flag states it.
    fn release(&self) -> anyhow::Result<Option<Release>> {
        match self.istio_version {
            None => Ok(None),
            Some(IstioVersion::One(release)) => Ok(Some(release)),
            Some(IstioVersion::Upgrade(..)) => anyhow::bail!("only diff takes two versions"),
        }
    }

    /// Returns the release that all proxies are taken to be of: they move with istiod unless it is said otherwise.
    fn of_proxies(&self) -> anyhow::Result<Option<Release>> {
        Ok(match self.proxy_version {
            Some(ProxyVersion::Image) => None,
            Some(ProxyVersion::Release(release)) => Some(release),
            None => self.release()?.map(Release::nearest),
        })
    }
}
