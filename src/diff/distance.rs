//! How far two lists are apart, as long as it is not far: looking for what they share takes their length times that.

/// Steps that a comparison may take.
const MAX_STEPS: usize = 20_000_000;

/// Says whether two texts are near enough to be compared line by line.
pub(super) fn is_within(before: &str, after: &str) -> bool {
    let lines = |text: &'_ str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    are_near(&lines(before), &lines(after))
}

/// Says whether two lists are near enough, by the first half of Myers' algorithm: what it would cost, without the result.
///
/// The answer depends on the lists alone, and not on how fast the machine is.
pub(super) fn are_near(before: &[String], after: &[String]) -> bool {
    let (n, m) = (before.len(), after.len());
    if n.saturating_mul(m) <= MAX_STEPS {
        return true;
    }
    // Furthest place on each diagonal; `offset` is the diagonal of the start.
    let most = MAX_STEPS / (n + m).max(1);
    let offset = most + 1;
    let mut furthest = vec![0_usize; 2 * most + 3];
    for distance in 0..=most {
        for diagonal in (offset - distance..=offset + distance).step_by(2) {
            let down = diagonal == offset - distance
                || (diagonal != offset + distance && furthest[diagonal - 1] < furthest[diagonal + 1]);
            let mut x = if down { furthest[diagonal + 1] } else { furthest[diagonal - 1] + 1 };
            while x < n && (x + offset).checked_sub(diagonal).is_some_and(|y| y < m && before[x] == after[y]) {
                x += 1;
            }
            furthest[diagonal] = x;
            if x >= n && x + offset >= m + diagonal {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far() {
        let list = |step: usize| (0..20_000).map(|at| (at * step % 20_011).to_string()).collect::<Vec<_>>();
        let ordered = list(1);
        assert!(are_near(&ordered, &ordered));
        let mut changed = ordered.clone();
        changed[10] = "x".to_owned();
        changed.remove(15_000);
        changed.insert(3, "y".to_owned());
        assert!(are_near(&ordered, &changed));
        assert!(!are_near(&ordered, &list(7919)));
        assert!(are_near(&ordered[..100], &list(7919)[..100]));
        assert!(are_near(&[], &ordered));
    }
}
