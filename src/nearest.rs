//! The name that somebody may have meant.

/// How far a name may be from another, in letters added, dropped or changed.
const DISTANCE: usize = 2;

/// Nobody misspells a longer name.
const LONGEST: usize = 128;

/// Returns the known name that is nearest to one: with a letter or two of difference, or with a part more or less.
pub(crate) fn find<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > LONGEST {
        return None;
    }
    let near = |other: &str| {
        let part = |long: &str, short: &str| short.len() >= 4 && (long.starts_with(short) || long.ends_with(short));
        if part(name, other) || part(other, name) {
            return Some(strsim::damerau_levenshtein(name, other));
        }
        distance(name, other)
    };
    known.filter_map(|other| Some((near(other)?, other))).min().map(|(_, other)| other)
}

/// Returns the known name of which one is a misspelling, as far as anybody can tell: a word of it has a letter or two of difference.
///
/// `team-a` is no misspelling of `team-b`, nor `shop2` of `shop`, nor `shop-test` of `shop`.
pub(crate) fn misspelt<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    /// A shorter word differs from many by a letter.
    const WORD: usize = 5;
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    let near = |other: &'n str| {
        let distance = distance(name, other).filter(|_| name.len() <= LONGEST && digits(name) == digits(other))?;
        let (mine, its): (Vec<&str>, Vec<&str>) = (name.split('-').collect(), other.split('-').collect());
        let mut words = mine.iter().zip(&its).filter(|(a, b)| a != b);
        let are_words = words.all(|(a, b)| a.len().max(b.len()) >= WORD);
        (mine.len() == its.len() && are_words).then_some((distance, other))
    };
    known.filter_map(near).min().map(|(_, other)| other)
}

/// Returns in how many letters two names differ, if these are few.
fn distance(a: &str, b: &str) -> Option<usize> {
    // No letter added or dropped makes up for more.
    if a.len().abs_diff(b.len()) > DISTANCE {
        return None;
    }
    let distance = strsim::damerau_levenshtein(a, b);
    (distance <= DISTANCE && distance < a.len().min(b.len()).div_ceil(2)).then_some(distance)
}

/// Returns the known field that one may be: the same but for case and word breaks, or as in [`find`].
pub(crate) fn field<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> Option<&'n str> {
    let letters = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let own = letters(name);
    known.clone().find(|other| letters(other) == own).or_else(|| find(name, known))
}

#[cfg(test)]
mod tests {
    use super::{field, find, misspelt};

    #[test]
    fn names_that_nobody_has_by_mistake() {
        for (name, known, expected) in [
            ("order", "orders", true),
            ("payemnts", "payments", true),
            ("shop-fronted", "shop-frontend", true),
            ("team-a", "team-b", false),
            ("orders2", "orders1", false),
            ("orders-test", "orders", false),
            ("prod", "pros", false),
            ("monitoring", "orders", false),
        ] {
            assert_eq!(misspelt(name, [known].into_iter()).is_some(), expected, "{name} {known}");
        }
    }

    #[test]
    fn fields_in_another_spelling() {
        let known = ["sniHosts", "port", "gateways"];
        assert_eq!(field("sni_hosts", known.into_iter()), Some("sniHosts"));
        assert_eq!(field("gateway", known.into_iter()), Some("gateways"));
        assert_eq!(field("retries", known.into_iter()), None);
    }

    #[test]
    fn names_with_a_letter_or_a_part_of_difference() {
        let known = ["cart", "istio-ingressgateway", "web"];
        assert_eq!(find("crat", known.into_iter()), Some("cart"));
        assert_eq!(find("istio-ingressgateway-service-account", known.into_iter()), Some("istio-ingressgateway"));
        assert_eq!(find("frontend", known.into_iter()), None);
        assert_eq!(find("wx", known.into_iter()), None);
    }
}
