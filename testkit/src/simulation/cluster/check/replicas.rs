//! At rest, all voters of a partition have the same rows.

use super::Seen;
use crate::chaos::check::Findings;

pub(super) fn check(seen: &Seen, findings: &mut Findings) {
    for (partition, digests) in &seen.replicas {
        let first = digests.values().next();
        findings.hold(digests.values().all(|digest| Some(digest) == first), || {
            format!("partition {partition}: {digests:x?}")
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{super::violations, *};

    fn of(digests: &[u32]) -> Seen {
        let digests = digests.iter().enumerate().map(|(at, digest)| (at.to_string(), *digest)).collect();
        Seen { replicas: [(1, digests)].into(), ..Seen::default() }
    }

    #[test]
    fn another_row_is_told() {
        assert_eq!(violations(check, &of(&[7, 7, 7])), 0);
        assert_eq!(violations(check, &of(&[7, 7, 8])), 1);
    }
}
