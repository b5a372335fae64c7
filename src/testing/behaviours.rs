//! Each behaviour of releases has a fixture that shows it, or a reason why none does: `behaviours.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use meshc::installation::{Behaviour, Release, behaviour};
use meshc::options::{IstioOptions, Options, Stated};
use meshc::{cli::source, input::Input, pipeline, proxy};
use rayon::prelude::*;

const LIST: &str = include_str!("behaviours.txt");

/// A line of the list: the fixture and the release, or why there is none.
fn listed() -> BTreeMap<&'static str, Result<(&'static str, &'static str), &'static str>> {
    let lines = LIST.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, rest) = line.split_once(' ').expect("a name and more");
            let (fixture, release) = rest.split_once(' ').expect("a fixture and a release, or `-` and a reason");
            (name, if fixture == "-" { Err(release) } else { Ok((fixture, release)) })
        })
        .collect()
}

#[test]
fn a_fixture_shows_each_behaviour() {
    let rows: Vec<_> = behaviour::table().collect();
    let listed = listed();
    let names: BTreeSet<String> = rows.iter().map(|row| format!("{:?}", row.behaviour)).collect();
    let known: BTreeSet<String> = listed.keys().map(ToString::to_string).collect();
    assert_eq!(names, known, "behaviours.txt lists every behaviour");
    let hollow: Vec<String> = rows
        .par_iter()
        .filter_map(|row| {
            let (fixture, release) = listed[format!("{:?}", row.behaviour).as_str()].ok()?;
            let release = Release::parse(release).expect("a release");
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(fixture);
            let with = dumps(&folder, release, None);
            let without = dumps(&folder, release, Some((row.behaviour, !row.holds_in(release))));
            let is_shown = !with.is_empty() && with != without;
            (!is_shown).then(|| format!("{:?} changes nothing in {fixture} of {release}", row.behaviour))
        })
        .collect();
    assert!(hollow.is_empty(), "{hollow:#?}");
}

/// Translates a fixture as a release does, but for one behaviour.
fn dumps(folder: &Path, release: Release, but: Option<(Behaviour, bool)>) -> BTreeMap<String, Vec<u8>> {
    let version = Stated { value: release.to_string(), by: "the list".to_owned() };
    let options = Options {
        expand: true,
        istio: IstioOptions { version: Some(version), ..IstioOptions::default() },
        proxy_version: Some(release),
        behaviours: but.into_iter().collect(),
        ..Options::default()
    };
    let manifests: PathBuf = folder.join("manifests");
    let files = source::read(&[manifests], &source::Limits::default()).expect("the limits are not met");
    let mesh = Input::new(files, &options).mesh();
    let proxies = proxy::proxies(&mesh);
    let recorded = |name: &str| folder.join("istiod").join(format!("{name}.json")).is_file();
    let chosen: Vec<_> = proxies.iter().filter(|proxy| recorded(&proxy.full_name())).collect();
    let dumps = Mutex::new(BTreeMap::new());
    pipeline::translate_all(&mesh, &chosen, |proxy, dump| {
        let mut out = Vec::new();
        dump.write(&mut out).expect("memory can be written");
        dumps.lock().expect("no panic").insert(proxy.full_name(), out);
    });
    dumps.into_inner().expect("no panic")
}
