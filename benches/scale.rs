//! How fast, and with how much memory: `cargo bench --bench scale [-- SERVICES PODS NAMESPACES]`.
//!
//! Prints the time to read and index a generated mesh, the time to translate and write every proxy into a sink that counts bytes, the
//! time to stream some to disk beside a plain copy of as many bytes, the time for one proxy of a small mesh, and the peak memory.

#![allow(clippy::cast_precision_loss, clippy::print_stdout, clippy::disallowed_methods)]

use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use meshc::config_dump::ConfigDump;
use meshc::diagnostic::Diagnostics;
use meshc::generate::{self, MeshSize};
use meshc::input::Input;
use meshc::mesh::Mesh;
use meshc::options::Options;
use meshc::proxy::Proxy;
use meshc::source::SourceFile;
use meshc::{pipeline, proxy};

/// Counts what is written to it.
#[derive(Default)]
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn main() {
    let numbers: Vec<u32> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let default = MeshSize::default();
    let number = |at: usize, default: u32| numbers.get(at).copied().unwrap_or(default);
    let size = MeshSize {
        services: number(0, default.services),
        pods: number(1, default.pods),
        namespaces: number(2, default.namespaces),
        ..default
    };
    println!("mesh: {} Services, {} Pods each, {} namespaces", size.services, size.pods, size.namespaces);
    let files: Vec<SourceFile> =
        generate::mesh(&size).into_iter().map(|(path, text)| SourceFile::new(path, text.into_bytes())).collect();

    let started = Instant::now();
    let input = Input::new(files, &Options::default());
    let read = started.elapsed();
    let mesh = input.mesh();
    let proxies = proxy::proxies(&mesh);
    report("read", read);
    report("read and index", started.elapsed());

    let all: Vec<&Proxy> = proxies.iter().collect();
    let bytes = AtomicU64::new(0);
    let started = Instant::now();
    pipeline::translate_all(&mesh, &all, |_, dump| {
        bytes.fetch_add(count(&dump), Ordering::Relaxed);
    });
    let each = started.elapsed() / u32::try_from(all.len().max(1)).unwrap_or(1);
    let total = bytes.into_inner();
    report("all proxies into a counting sink", started.elapsed());
    report("  for one of them", each);
    println!("  {:.2} MB each", megabytes(total) / all.len().max(1) as f64);

    to_disk(&mesh, &all[..all.len().min(200)]);
    small_mesh();
    println!("peak memory: {:.0} MB", peak_memory());
}

fn count(dump: &ConfigDump) -> u64 {
    let mut counter = Counter::default();
    dump.write(&mut counter).expect("a counter takes everything");
    counter.0
}

/// Streams dumps to disk, and as many bytes without translating.
fn to_disk(mesh: &Mesh, proxies: &[&Proxy]) {
    let dir = std::env::temp_dir().join("meshc-bench");
    std::fs::create_dir_all(&dir).expect("the temporary folder takes files");
    let bytes = AtomicU64::new(0);
    let started = Instant::now();
    pipeline::translate_all(mesh, proxies, |proxy, dump| {
        let file = std::fs::File::create(dir.join(format!("{}.{}.json", proxy.name, proxy.namespace)));
        let mut out = BufWriter::with_capacity(1 << 20, file.expect("a new file"));
        dump.write(&mut out).and_then(|()| out.flush()).expect("room on the disk");
        bytes.fetch_add(count(&dump), Ordering::Relaxed);
    });
    let translated = started.elapsed();
    let total = bytes.into_inner();
    let block = vec![b'x'; 1 << 20];
    let started = Instant::now();
    let mut out = std::fs::File::create(dir.join("copy")).expect("a new file");
    for _ in 0..total >> 20 {
        out.write_all(&block).expect("room on the disk");
    }
    let copied = started.elapsed();
    println!(
        "{} dumps to disk: {:.0} MB/s; plain writing: {:.0} MB/s",
        proxies.len(),
        megabytes(total) / translated.as_secs_f64(),
        megabytes(total) / copied.as_secs_f64()
    );
    let _ = std::fs::remove_dir_all(&dir);
}

/// One proxy of a mesh of the size of Bookinfo, reading included; the best of twenty.
fn small_mesh() {
    let size = MeshSize { services: 4, pods: 2, namespaces: 1, seed: 1 };
    let best = (0..20).map(|_| {
        let files = generate::mesh(&size).into_iter();
        let files = files.map(|(path, text)| SourceFile::new(path, text.into_bytes())).collect();
        let started = Instant::now();
        let mesh = Input::new(files, &Options::default()).mesh();
        let proxies = proxy::proxies(&mesh);
        count(&pipeline::translate_one(&mesh, &proxies[0], &mut Diagnostics::default()));
        started.elapsed()
    });
    report("one proxy of a small mesh, reading included", best.min().unwrap_or_default());
}

fn report(what: &str, time: Duration) {
    println!("{what}: {:.2} ms", time.as_secs_f64() * 1e3);
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The largest resident set so far, in MB, where the system tells.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or_default() / 1e3
}
