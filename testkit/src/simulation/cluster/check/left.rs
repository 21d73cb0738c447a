//! At rest, a node has no rows of a partition whose replica went elsewhere.

use super::Seen;
use crate::chaos::check::Findings;

pub(super) fn check(seen: &Seen, findings: &mut Findings) {
    for (node, partitions) in &seen.left {
        findings.hold(partitions.is_empty(), || format!("{node} has rows of {partitions:?}, and no replica"));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::violations, *};

    #[test]
    fn a_row_that_is_left_is_told() {
        let of = |left: &[u32]| Seen { left: [("n1".to_owned(), left.to_vec())].into(), ..Seen::default() };
        assert_eq!(violations(check, &of(&[])), 0);
        assert_eq!(violations(check, &of(&[2])), 1);
    }
}
