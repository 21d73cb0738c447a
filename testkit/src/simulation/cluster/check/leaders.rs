//! In one group and term only one node speaks as the leader.

use super::Seen;
use crate::chaos::check::Findings;

pub(super) fn check(seen: &Seen, findings: &mut Findings) {
    for ((group, term), leaders) in &seen.leaders {
        findings.hold(leaders.len() == 1, || format!("group {group}, term {term}: led by {leaders:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::violations, *};

    #[test]
    fn a_second_leader_is_told() {
        let of = |leaders: &[u64]| Seen { leaders: [((0, 3), leaders.to_vec())].into(), ..Seen::default() };
        assert_eq!(violations(check, &of(&[2])), 0);
        assert_eq!(violations(check, &of(&[2, 3])), 1);
    }
}
