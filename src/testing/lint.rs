//! `lint`: each rule's examples, the page of rules, and what istioctl says of the fixtures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use meshc::input::Input;
use meshc::lint::{Memory, Options, Reported, Rule, View, lint, page, rules};
use meshc::source::SourceFile;
use meshc::{cli, ingest, options};
use serde_json::Value;

/// The time at which examples are looked at: 2026-12-01.
const NOW: i64 = 1_796_083_200;

/// Lints files as the command does, and returns the findings, each with the path of its file.
fn run(files: Vec<SourceFile>, view: View, enable: &[&str]) -> Vec<(Reported, String)> {
    let input = Input::new(files, &options::Options { expand: true, ..options::Options::default() });
    let mesh = input.mesh();
    let Input { manifests, settings, diagnostics, .. } = input;
    let enable = enable.iter().map(|name| (*name).to_owned()).collect();
    let found = lint(
        &manifests,
        &settings,
        &mesh,
        &diagnostics,
        &Options { view, enable, now: Some(NOW), ..Options::default() },
        &Memory::default(),
    );
    let path = |one: &Reported| one.span.map_or("", |span| manifests.sources.path(span.source)).to_owned();
    found.into_iter().map(|one| (one.clone(), path(&one))).collect()
}

fn lines(found: &[(Reported, String)]) -> Vec<String> {
    let line = |(one, _): &(Reported, String)| {
        let reason = one.false_alarm.as_ref().map_or_else(String::new, |reason| format!(" (no: {reason})"));
        format!("{} {} line {}: {}{reason}", one.rule.code, one.resource, one.line.unwrap_or_default(), one.message)
    };
    found.iter().map(line).collect()
}

fn of_rule(text: &str, rule: &Rule, view: View) -> Vec<(Reported, String)> {
    let mut found = run(vec![SourceFile::new("example.yaml", text)], view, &[rule.code]);
    found.retain(|(one, _)| one.rule.code == rule.code);
    found
}

#[test]
fn each_rule_finds_its_bad_example_and_not_the_good_one() {
    let mut wrong = Vec::new();
    let mut shown = Vec::new();
    for rule in rules::ALL {
        let view = if rule.is_istioctl() { View::Istioctl } else { View::Meshc };
        let bad = of_rule(rule.bad(), rule, view);
        if bad.is_empty() {
            wrong.push(format!("{}: nothing is found in the bad example", rule.code));
        }
        shown.extend(lines(&bad));
        for view in [View::Meshc, view] {
            let mut good = of_rule(rule.good(), rule, view);
            good.retain(|(one, _)| view == View::Istioctl || one.false_alarm.is_none());
            wrong.extend(lines(&good).into_iter().map(|line| format!("found in the good example: {line}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/lint");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("examples", shown.join("\n")));
}

#[test]
fn examples_are_objects_that_can_be_read() {
    for rule in rules::ALL {
        for text in [rule.bad(), rule.good()] {
            let (manifests, _) = ingest::ingest(vec![SourceFile::new("example.yaml", text)]);
            assert!(!ingest::objects(&manifests.sources).is_empty(), "{}: {text}", rule.code);
        }
        assert!(!rule.text().is_empty(), "{}", rule.code);
    }
}

#[test]
fn the_page_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lint/README.md");
    let page = page::page();
    let written = String::from_utf8(std::fs::read(&path).unwrap_or_default()).unwrap_or_default();
    if written != page {
        std::fs::write(&path, page).expect("the page can be written");
        panic!("src/lint/README.md was not what the code says, and has been written anew");
    }
}

/// What istioctl's analyzers said of a fixture's manifests, and what we say in its stead.
#[test]
fn istioctl_says_the_same_of_the_fixtures() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut recorded: Vec<PathBuf> =
        std::fs::read_dir(fixtures).expect("there are fixtures").filter_map(Result::ok).map(|e| e.path()).collect();
    recorded.sort();
    let (mut total, mut wrong) = (0, Vec::new());
    for folder in recorded {
        let Ok(bytes) = std::fs::read(folder.join("analyze.json")) else { continue };
        let want: Vec<Value> = serde_json::from_slice(&bytes).expect("analyze.json is a list");
        let manifests = folder.join("manifests");
        let found = run(
            cli::source::read(std::slice::from_ref(&manifests), &cli::source::Limits::default())
                .expect("the limits are not met"),
            View::Istioctl,
            &[],
        );
        let key = |code: &str, level: &str, resource: &str| format!("{code} {level} {resource}");
        let mut ours: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for (one, path) in &found {
            let path = Path::new(path).strip_prefix(&manifests).unwrap_or(Path::new(path));
            let place = format!("{}:{}", path.display(), one.line.unwrap_or_default());
            let list = ours.entry(key(one.rule.code, one.level().as_str(), &one.resource)).or_default();
            list.push((place, one.message.clone()));
        }
        for message in &want {
            total += 1;
            let text = |field: &str| message[field].as_str().unwrap_or_default();
            let names: Vec<&str> =
                message["names"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let key = key(text("code"), text("level"), text("resource"));
            let list = ours.entry(key.clone()).or_default();
            let exact = list
                .iter()
                .position(|(place, said)| place == text("reference") && names.iter().all(|name| said.contains(name)));
            match exact {
                Some(index) => drop(list.remove(index)),
                None => wrong.push(format!("{}: {key} at {} {names:?}", folder.display(), text("reference"))),
            }
        }
        for (key, list) in ours {
            wrong.extend(
                list.into_iter().map(|(place, said)| format!("{}: too much: {key} {place} {said}", folder.display())),
            );
        }
    }
    assert!(wrong.is_empty() && total > 0, "{} of {total}\n{}", wrong.len(), wrong.join("\n"));
}
