//! Which stretches of the input are Secrets, whose text no diagnostic shows.

use super::metadata::TypeMeta;
use crate::source::{Node, Span};

/// Says whether objects of a kind hold secrets, whatever their version: `Secret`, and what it is misspelt as.
pub(super) fn is_secret(kind: &str) -> bool {
    kind.to_ascii_lowercase().contains("secret")
}

/// Returns where the Secrets of a document are: all of it, if its only object is one.
pub(super) fn spans(objects: &[(Node<'_>, TypeMeta<'_>)], document: Span) -> Vec<Span> {
    let secrets = objects.iter().filter(|(_, type_meta)| is_secret(type_meta.kind));
    if objects.len() == 1 {
        secrets.map(|_| document).collect()
    } else {
        secrets.map(|(node, _)| node.span()).collect()
    }
}

/// Says whether a text that does not parse may be a Secret: it has the word, hides words behind escapes, or has no kind at all.
pub(super) fn may_be_secret(text: &str) -> bool {
    let word = |word: &[u8]| text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    word(b"secret") || !word(b"kind") || ["\\x", "\\u", "\\U", "\\\n"].iter().any(|escape| text.contains(escape))
}

#[cfg(test)]
mod tests {
    use super::may_be_secret;

    #[test]
    fn what_may_be_a_secret() {
        for (text, want) in [
            ("kind: Secret\ndata: [", true),
            ("kind: \"Sec\\u0072et\"\ndata: [", true),
            ("root:x:0:0", true),
            ("kind: Service\nspec: [", false),
        ] {
            assert_eq!(may_be_secret(text), want, "{text}");
        }
    }
}
