//! One test for each folder of `fixtures/`: what meshc makes of its manifests is what istiod served, and what it says of requests is what
//! Envoy answered.

mod explained;
mod parity;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use libtest_mimic::{Arguments, Failed, Trial};
use meshc::installation::{KNOWN, Release};
use meshc::options::{IstioOptions, Stated};
use meshc::{cli::source, input::Input, options::Options, pipeline, proxy};
use serde::Deserialize;
use serde_json::Value;

/// Differences that a failing test prints.
const SHOWN: usize = 25;

/// `scenario.yaml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    title: String,
    why: String,
    istio: String,
    /// The recorded ones, as `<pod>.<namespace>`.
    proxies: BTreeSet<String>,
    /// What istiod fetched, by URI: files of the folder's `jwks/`.
    #[serde(default)]
    jwks: BTreeMap<String, String>,
    /// `repository/` is the same mesh before istiod, the CNI and Kubernetes have seen to it. What is made of it is what istiod served, but
    /// for names that nobody can know: names of Pods with their namespaces, and addresses, as they are made, each with the recorded one.
    #[serde(default)]
    repository: BTreeMap<String, String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut folders = children(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
    folders.retain(|path| path.is_dir());
    let tests = folders.into_iter().map(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name, move || check(&folder).map_err(Failed::from))
    });
    libtest_mimic::run(&arguments, tests.collect()).exit_code()
}

/// Runs one scenario.
fn check(folder: &Path) -> Result<(), String> {
    let scenario: Scenario =
        serde_yaml::from_slice(&read(&folder.join("scenario.yaml"))?).map_err(|e| e.to_string())?;
    let release = Release::parse(&scenario.istio).filter(|release| KNOWN.contains(release));
    let Some(release) = release.filter(|_| !scenario.title.is_empty() && !scenario.why.is_empty()) else {
        return Err("scenario.yaml: title, why, and istio: a release that is known".to_owned());
    };
    let recordings = children(&folder.join("istiod"));
    let names: BTreeSet<_> =
        recordings.iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    if names != scenario.proxies {
        return Err(format!("scenario.yaml names {:?}, and istiod/ holds {names:?}", scenario.proxies));
    }

    let fetched = |(uri, file): (&String, &String)| {
        let text = String::from_utf8(read(&folder.join("jwks").join(file))?).map_err(|e| format!("{file}: {e}"))?;
        Ok::<_, String>((uri.clone(), text))
    };
    let jwks = scenario.jwks.iter().map(fetched).collect::<Result<BTreeMap<_, _>, _>>()?;
    let mut report = parity::Report::default();
    let mut dumps: BTreeMap<String, Value> = BTreeMap::new();
    let of_scenario = release;
    let mut releases = vec![(release, PathBuf::new())];
    for of_release in children(&folder.join("releases")) {
        let name = of_release.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let release = Release::parse(&name).ok_or_else(|| format!("releases/{name} is no release"))?;
        releases.push((release, of_release));
    }
    for (release, changes) in releases {
        // As the command does; a recorded scenario lacks nothing that a proxy depends on.
        let version = Stated { value: release.to_string(), by: "the scenario".to_owned() };
        let options = Options {
            expand: true,
            jwks: jwks.clone(),
            istio: IstioOptions { version: Some(version), ..IstioOptions::default() },
            proxy_version: Some(release),
            ..Options::default()
        };
        if release == of_scenario && folder.join("repository").is_dir() {
            check_repository(folder, &scenario.repository, &recordings)?;
        }
        let mut ours = translate(&folder.join("manifests"), &names, &options)?;
        for path in &recordings {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let parse = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).map_err(|e| format!("{name}: {e}"));
            let recorded = parse(read(path)?)?;
            let dump = parse(ours.remove(&name).ok_or_else(|| format!("no proxy matches {name}"))?)?;
            let changes = changes.join(format!("{name}.json"));
            let changes = if changes.is_file() { Some(parse(read(&changes)?)?) } else { None };
            let of_proxy = parity::compare_release(&recorded, changes.as_ref(), &dump);
            if release == of_scenario {
                dumps.insert(name.clone(), dump);
            }
            report.total += of_proxy.total;
            report
                .differences
                .extend(of_proxy.differences.into_iter().map(|line| format!("{release}: {name}: {line}")));
        }
    }
    match report.differences.len() {
        0 if report.total > 0 => match std::fs::read(folder.join("explain.json")) {
            Ok(text) => explained::check(&text, &dumps),
            Err(_) => Ok(()),
        },
        0 => Err("nothing is recorded".to_owned()),
        count => {
            let shown: Vec<_> = report.differences.into_iter().take(SHOWN).collect();
            Err(format!("{count} differences in {} resources\n{}", report.total, shown.join("\n")))
        }
    }
}

/// Completes `repository/`, and compares what is made of it with the recordings.
fn check_repository(folder: &Path, recorded: &BTreeMap<String, String>, recordings: &[PathBuf]) -> Result<(), String> {
    let made = |name: &str| {
        let renamed = recorded.iter().find(|(_, recorded)| *recorded == name);
        renamed.map_or_else(|| name.to_owned(), |(made, _)| made.clone())
    };
    for path in recordings {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let names = BTreeSet::from([made(&name)]);
        let options = Options { expand: true, ..Options::default() };
        let dump = translate(&folder.join("repository"), &names, &options)?.into_values().next();
        let dump = dump.ok_or_else(|| format!("repository: no proxy matches {names:?}"))?;
        let mut text = String::from_utf8(dump).map_err(|e| e.to_string())?;
        // A name of a Pod is a part of the names of Services; it stands alone in the metadata of endpoints, with semicolons.
        for (made, recorded) in recorded {
            match (made.rsplit_once('.'), recorded.rsplit_once('.')) {
                _ if made.starts_with(|c: char| c.is_ascii_digit()) => text = text.replace(made, recorded),
                (Some((pod, namespace)), Some((old, _))) => {
                    text = text.replace(&format!("\"{pod};{namespace};"), &format!("\"{old};{namespace};"));
                }
                _ => return Err(format!("repository: {made} is neither an address nor a Pod")),
            }
        }
        let parse = |text: &[u8]| serde_json::from_slice::<Value>(text).map_err(|e| format!("{name}: {e}"));
        let report = parity::compare_release(&parse(&read(path)?)?, None, &parse(text.as_bytes())?);
        if !report.differences.is_empty() {
            let shown: Vec<_> = report.differences.into_iter().take(SHOWN).collect();
            return Err(format!("repository: {name}\n{}", shown.join("\n")));
        }
    }
    Ok(())
}

/// Translates these proxies, and returns each dump as it is written.
fn translate(
    manifests: &Path,
    names: &BTreeSet<String>,
    options: &Options,
) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mesh = Input::new(
        source::read(&[manifests.to_owned()], &source::Limits::default()).expect("the limits are not met"),
        options,
    )
    .mesh();
    let proxies = proxy::proxies(&mesh);
    let chosen: Vec<_> = proxies.iter().filter(|proxy| names.contains(&proxy.full_name())).collect();
    let dumps = Mutex::new(BTreeMap::new());
    pipeline::translate_all(&mesh, &chosen, |proxy, dump| {
        let mut out = Vec::new();
        dump.write(&mut out).expect("memory can be written");
        dumps.lock().expect("no other test of this mesh panics").insert(proxy.full_name(), out);
    });
    dumps.into_inner().map_err(|e| e.to_string())
}

/// Returns what is in a folder, by name; nothing if there is none.
fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut out: Vec<_> = entries.map(|entry| entry.path()).collect();
    out.sort();
    out
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}
