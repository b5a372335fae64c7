//! Which objects suffice for a field: as few as removing one after the other leaves.

use std::collections::BTreeSet;

use super::effect::Probe;
use super::world::World;
use crate::source::{Node, NodeKind, ResourceRef};

/// Returns objects that suffice for what `holds` asks for; without any of them alone it does not hold.
///
/// `near` names what the field belongs to: objects that say one of these words are tried first.
pub(super) fn sufficient(
    world: &World,
    near: &[String],
    holds: impl Fn(&World, Option<&BTreeSet<ResourceRef>>) -> bool,
) -> BTreeSet<ResourceRef> {
    let mut kept = world.objects();
    // The less there is, the less it takes to leave more out.
    let mut part: Option<World> = None;
    for guess in guesses(world, near) {
        if guess.len() < kept.len() {
            let guessed = world.only(&guess.iter().copied().collect());
            if holds(&guessed, None) {
                kept = guess;
                part = Some(guessed);
                break;
            }
        }
    }
    let mut size = kept.len().div_ceil(2).max(1);
    loop {
        let mut is_less = false;
        let mut at = 0;
        while at < kept.len() {
            let end = (at + size).min(kept.len());
            let rest: BTreeSet<ResourceRef> = kept[..at].iter().chain(&kept[end..]).copied().collect();
            if holds(part.as_ref().unwrap_or(world), Some(&rest)) {
                kept.drain(at..end);
                is_less = true;
            } else {
                at = end;
            }
        }
        if is_less {
            part = Some(world.only(&kept.iter().copied().collect()));
        }
        match size {
            1 if is_less => {}
            1 => break,
            _ => size = size.div_ceil(2).min(kept.len()).max(1),
        }
    }
    kept.into_iter().collect()
}

/// Smaller inputs that may well suffice, the smallest first.
fn guesses(world: &World, near: &[String]) -> Vec<Vec<ResourceRef>> {
    let objects = world.objects();
    let says = |object: &ResourceRef| world.manifests.node(*object).is_some_and(|node| says_any(node, near));
    let saying: Vec<ResourceRef> = objects.iter().copied().filter(says).collect();
    let namespace = |object: &ResourceRef| {
        let metadata = world.manifests.node(*object).and_then(|node| node.get("metadata"));
        let namespace = metadata.and_then(|m| m.get("namespace")).and_then(Node::as_str).unwrap_or("default");
        near.iter().any(|word| word == namespace)
    };
    let in_namespaces = |object: &&ResourceRef| says(object) || namespace(object);
    let wider: Vec<ResourceRef> = objects.iter().filter(in_namespaces).copied().collect();
    vec![saying, wider]
}

/// Says whether a value of the object is one of the words, or a name that begins with one.
fn says_any(node: Node<'_>, words: &[String]) -> bool {
    match node.kind() {
        NodeKind::String(text) => words.iter().any(|word| {
            let text = text.trim_start_matches("*.");
            text == word
                || text.rsplit('/').next() == Some(word)
                || text.strip_prefix(word.as_str()).is_some_and(|rest| rest.starts_with(['.', '/']))
        }),
        NodeKind::Seq(seq) => seq.into_iter().any(|item| says_any(item, words)),
        NodeKind::Map(map) => map.into_iter().any(|(_, value)| says_any(value, words)),
        _ => false,
    }
}

/// Returns the words of names: labels of hosts, namespaces, names of objects.
pub(super) fn words(names: &[&str]) -> Vec<String> {
    let separators = |c: char| matches!(c, '|' | ':' | '_' | '[' | ']' | '/' | ',' | ' ' | '.');
    let mut out: Vec<String> = Vec::new();
    for name in names {
        for word in name.split(separators).chain(name.split(['|', ':', '[', ']'])) {
            let is_name = word.len() > 1
                && !matches!(word, "svc" | "cluster" | "local" | "outbound" | "inbound" | "com" | "http" | "https");
            if is_name && word.parse::<u64>().is_err() && !out.iter().any(|known| known == word) {
                out.push(word.to_owned());
            }
        }
    }
    out
}

/// Returns the objects that suffice for a field of the probed resource.
pub(super) fn for_field(probe: &Probe<'_>, names: &[&str], path: &str) -> BTreeSet<ResourceRef> {
    let holds = |part: &World, keep: Option<&BTreeSet<ResourceRef>>| {
        probe.observe_in(part, keep, &[]).is_some_and(|outcome| outcome.of(path) == super::effect::Effect::Same)
    };
    sufficient(probe.world(), &words(names), holds)
}
