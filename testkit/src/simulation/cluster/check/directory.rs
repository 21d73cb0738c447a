//! On every node each resource is in one place, which is the one that the directory tells.

use super::Seen;
use crate::chaos::check::Findings;

pub(super) fn check(seen: &Seen, findings: &mut Findings) {
    for (node, places) in &seen.places {
        for placed in places {
            findings.hold(placed.found == [placed.told.as_str()], || format!("{node}: {placed:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::Placed, violations},
        *,
    };

    #[test]
    fn a_resource_that_is_elsewhere_or_twice_is_told() {
        let of = |found: &[&str]| {
            let found = found.iter().map(|&place| place.to_owned()).collect();
            let placed = Placed { name: "Observation/a".to_owned(), told: "Patient/p".to_owned(), found };
            Seen { places: vec![("n1".to_owned(), vec![placed])], ..Seen::default() }
        };
        assert_eq!(violations(check, &of(&["Patient/p"])), 0);
        assert_eq!(violations(check, &of(&["Patient/q"])), 1);
        assert_eq!(violations(check, &of(&["Patient/p", "Patient/q"])), 1);
    }
}
