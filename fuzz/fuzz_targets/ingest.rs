//! Any bytes as a file: the reader gives resources and findings, and never panics.
//!
//! ```text
//! cargo +nightly fuzz run ingest
//! ```

#![no_main]

use libfuzzer_sys::fuzz_target;
use meshc::source::SourceFile;

fuzz_target!(|bytes: &[u8]| {
    let (manifests, diagnostics) = meshc::ingest::ingest(vec![SourceFile::new("a.yaml", bytes)]);
    let diagnostics = diagnostics.finish(&manifests.sources, |resource, path| manifests.locate(resource, path));
    let mut shown = Vec::new();
    meshc::cli::render::write(&diagnostics, &manifests.sources, &mut shown).expect("memory can be written");
    for document in &manifests.documents {
        let _ = document.node(&manifests.sources).to_json();
    }
});
