//! How fast causes are found: `cargo bench --bench provenance [-- SERVICES]`.
//!
//! Prints, for Bookinfo and for a generated mesh of so many Services with two Pods each, the time of `why` of one field, of `why --all`
//! of a cluster, of `affects` of an object over all proxies, and of the report (of the mesh, one of 100 Services), and the peak memory.

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use meshc::generate::{self, MeshSize};
use meshc::options::Options;
use meshc::provenance::affects::{Subject, affects};
use meshc::provenance::why::{why, why_all};
use meshc::provenance::{Target, World};
use meshc::report::{page, report};
use meshc::source::SourceFile;

fn main() {
    let services = std::env::args().find_map(|a| a.parse().ok()).unwrap_or(1000);
    let options = Options { expand: true, ..Options::default() };
    let bookinfo = || World::new(bookinfo(), &options);
    let generated = |services: u32| {
        let files = generate::mesh(&MeshSize { services, pods: 2, namespaces: 10, seed: 1 }).into_iter();
        World::new(files.map(|(path, text)| SourceFile::new(path, text.into_bytes())).collect(), &options)
    };

    let reviews = "clusters[outbound|9080||reviews.bookstore.svc.cluster.local]";
    let of_reviews =
        |field: &str| Target { proxy: "productpage-v1.bookstore".to_owned(), field: format!("{reviews}{field}") };
    let interval = of_reviews(".outlier_detection.interval");
    measure("Bookinfo: why of one field, reading included", Duration::from_millis(100), || {
        why(&bookinfo(), &interval).expect("it is there").len()
    });
    measure("Bookinfo: why --all of a cluster", Duration::from_secs(1), || {
        why_all(&bookinfo(), &of_reviews("")).expect("it is there").len()
    });
    measure("Bookinfo: report", Duration::from_secs(1), || {
        page(&report(&bookinfo(), "Bookinfo", Vec::new())).expect("prints").len()
    });
    println!("peak memory: {:.0} MB", peak_memory());

    let world = generated(100);
    measure("100 Services: report", Duration::from_secs(30), || {
        page(&report(&world, "100 Services", Vec::new())).expect("prints").len()
    });
    drop(world);
    println!("peak memory: {:.0} MB", peak_memory());

    let world = generated(services);
    let cluster = "clusters[outbound|80||svc-15.ns-5.svc.cluster.local]";
    let of_cluster = |field: &str| Target { proxy: "svc-15-0.ns-5".to_owned(), field: format!("{cluster}{field}") };
    measure(&format!("{services} Services: why of one field"), Duration::from_secs(3), || {
        why(&world, &of_cluster(".name")).expect("it is there").len()
    });
    measure(&format!("{services} Services: why --all of a cluster"), Duration::from_secs(10), || {
        why_all(&world, &of_cluster("")).expect("it is there").len()
    });
    let subject = Subject::find(&world, "Service ns-5/svc-15").expect("it is there");
    measure(&format!("{services} Services: affects of an object"), Duration::from_secs(10), || {
        affects(&world, &subject, || {}).expect("it may be left out").differing()
    });
    println!("peak memory: {:.0} MB", peak_memory());
}

/// Prints a time beside what it should be at most.
fn measure(what: &str, limit: Duration, run: impl FnOnce() -> usize) {
    let started = Instant::now();
    let result = run();
    let took = started.elapsed();
    let verdict = if took <= limit { "" } else { "  MISSED" };
    println!("{what}: {:.3} s (at most {:.1} s; {result}){verdict}", took.as_secs_f64(), limit.as_secs_f64());
}

fn bookinfo() -> Vec<SourceFile> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bookinfo");
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("is there").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: std::path::PathBuf| {
        SourceFile::new(path.display().to_string(), std::fs::read(&path).expect("can be read"))
    };
    paths.into_iter().map(read).collect()
}

/// The largest resident set so far, in MB, where the system tells.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or_default() / 1e3
}
