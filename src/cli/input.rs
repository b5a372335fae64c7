//! From paths and flags to the input that is there.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;

use super::{args, source};
use crate::diagnostic::Severity;
use crate::input;
use crate::options::Options;
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
        if let [SourceFile { path, content: Err(reason) }] = files.as_slice() {
            anyhow::bail!("cannot read {path}: {reason}");
        }
        Ok(Self::of(start, files, &options))
    }

    /// Takes files that are read already.
    pub(super) fn of(start: Instant, files: Vec<SourceFile>, options: &Options) -> Self {
        Self { start, input: input::Input::new(files, options) }
    }

    /// Says whether the input has errors.
    pub(super) fn has_errors(&self) -> bool {
        self.diagnostics.count(Severity::Error) > 0
    }
}

impl args::MeshFlags {
    /// Reads what the flags name.
    pub(super) fn options(&self) -> anyhow::Result<Options> {
        Ok(Options {
            mesh_config: self.mesh_config.as_deref().map(|path| self.file(path)).transpose()?,
            mesh_networks: self.mesh_networks.as_deref().map(|path| self.file(path)).transpose()?,
            revision: self.revision.clone(),
            jwks: self.jwks.iter().map(|argument| self.jwks(argument)).collect::<anyhow::Result<_>>()?,
            expand: !self.no_expand,
        })
    }

    fn file(&self, path: &Path) -> anyhow::Result<SourceFile> {
        Ok(SourceFile::new(path.display().to_string(), source::named(path, &self.limits)?))
    }

    fn jwks(&self, args::Jwks { uri, file }: &args::Jwks) -> anyhow::Result<(String, String)> {
        let text = String::from_utf8(source::named(file, &self.limits)?);
        Ok((uri.clone(), text.with_context(|| format!("{} is no text", file.display()))?))
    }
}
