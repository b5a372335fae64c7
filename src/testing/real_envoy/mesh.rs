//! Translates folders and texts, as the command does.

use std::path::{Path, PathBuf};

use meshc::diagnostic::Diagnostics;
use meshc::input::Input;
use meshc::options::Options;
use meshc::source::SourceFile;
use meshc::translate::Translation;
use meshc::{pipeline, proxy};

/// Translates all proxies of a folder.
pub(crate) fn translations(folder: &Path) -> Vec<(String, Translation)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder of manifests").flatten().map(|e| e.path()).collect();
    files.sort();
    let read =
        |path: &PathBuf| SourceFile::new(path.display().to_string(), std::fs::read(path).expect("a readable file"));
    translate(files.iter().filter(|f| f.is_file()).map(read).collect())
}

/// Translates all proxies of these files.
pub(crate) fn translate(files: Vec<SourceFile>) -> Vec<(String, Translation)> {
    let mesh = Input::new(files, &Options { expand: true, ..Options::default() }).mesh();
    let one = |proxy: &proxy::Proxy| {
        let dump = pipeline::translate_one(&mesh, proxy, &mut Diagnostics::default());
        (format!("{}.{}", proxy.name, proxy.namespace), dump.translation)
    };
    proxy::proxies(&mesh).iter().map(one).collect()
}
