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
        let distance = strsim::damerau_levenshtein(name, other);
        let part = |long: &str, short: &str| short.len() >= 4 && (long.starts_with(short) || long.ends_with(short));
        let is_near = distance <= DISTANCE && distance < name.len().min(other.len()).div_ceil(2);
        (is_near || part(name, other) || part(other, name)).then_some(distance)
    };
    known.filter_map(|other| Some((near(other)?, other))).min().map(|(_, other)| other)
}

/// Returns the known field that one may be: the same but for case and word breaks, or as in [`find`].
pub(crate) fn field<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> Option<&'n str> {
    let letters = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let own = letters(name);
    known.clone().find(|other| letters(other) == own).or_else(|| find(name, known))
}

#[cfg(test)]
mod tests {
    use super::{field, find};

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
