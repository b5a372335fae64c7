//! A regular expression -> a text that it matches.

use regex_syntax::hir::{Class, Hir, HirKind};

/// How deep an expression is followed.
const DEEPEST: usize = 100;

/// Returns a short text that all of an expression matches; `None` when it is no expression or matches nothing that can be written.
pub(super) fn sample(pattern: &str) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut out = Vec::new();
    add(&hir, &mut out, DEEPEST)?;
    String::from_utf8(out).ok()
}

fn add(hir: &Hir, out: &mut Vec<u8>, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(()),
        HirKind::Literal(literal) => {
            out.extend_from_slice(&literal.0);
            Some(())
        }
        HirKind::Class(class) => {
            let character = one_of(class)?;
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            Some(())
        }
        HirKind::Repetition(repetition) => {
            (0..repetition.min.min(64)).try_for_each(|_| add(&repetition.sub, out, depth))
        }
        HirKind::Capture(capture) => add(&capture.sub, out, depth),
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| add(part, out, depth)),
        HirKind::Alternation(parts) => add(parts.first()?, out, depth),
    }
}

/// A letter or a digit where the class has one.
fn one_of(class: &Class) -> Option<char> {
    let has = |wanted: char| match class {
        Class::Unicode(class) => class.iter().any(|range| (range.start()..=range.end()).contains(&wanted)),
        Class::Bytes(class) => u8::try_from(wanted)
            .is_ok_and(|byte| class.iter().any(|range| (range.start()..=range.end()).contains(&byte))),
    };
    let mut usual = ('a'..='z').chain('0'..='9').chain('A'..='Z').chain(['-', '_', '/', '.']);
    usual.find(|one| has(*one)).or_else(|| match class {
        Class::Unicode(class) => class.iter().next().map(regex_syntax::hir::ClassUnicodeRange::start),
        Class::Bytes(class) => class.iter().next().map(|range| char::from(range.start())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_matched() {
        for pattern in ["/users(/.*)?", "/v[0-9]+/x", "^(GET|POST)$", "a{2,3}b", "[^/]+\\.png", ".*"] {
            let text = sample(pattern).expect("a sample");
            assert!(
                regex::Regex::new(&format!("^(?:{pattern})$")).expect("a regex").is_match(&text),
                "{pattern} {text}"
            );
        }
        assert_eq!(sample("["), None);
    }
}
