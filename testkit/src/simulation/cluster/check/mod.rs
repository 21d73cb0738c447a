//! The invariants that only a simulator sees, which looks into all nodes at once; one file each.

mod alike;
mod directory;
mod leaders;
mod left;
mod replicas;

use super::{Placed, calm::Replicas};
use crate::chaos::{check::Findings, survey::Survey};
use std::collections::BTreeMap;

/// What was seen of all nodes.
#[derive(Default)]
pub(super) struct Seen {
    /// By node, each while it led.
    pub before: Vec<(String, Survey)>,
    /// The same after all crashed once more.
    pub after: Vec<(String, Survey)>,
    pub replicas: Replicas,
    /// By node, the partitions of which it has rows and should have none.
    pub left: BTreeMap<String, Vec<u32>>,
    pub places: Vec<(String, Vec<Placed>)>,
    /// By group and term, the ids of who spoke as a leader.
    pub leaders: BTreeMap<(u32, u64), Vec<u64>>,
}

type Check = fn(&Seen, &mut Findings);

/// All of them, by name.
const INVARIANTS: &[(&str, Check)] = &[
    ("all nodes show the same", alike::check),
    ("all replicas hold the same", replicas::check),
    ("replicas that went elsewhere leave no rows", left::check),
    ("a term has one leader", leaders::check),
    ("the directory tells where resources are", directory::check),
];

/// Each invariant's name and findings.
pub(super) fn all(seen: &Seen) -> Vec<(&'static str, Findings)> {
    let found = |&(name, check): &(&'static str, Check)| {
        let mut findings = Findings::default();
        check(seen, &mut findings);
        (name, findings)
    };
    INVARIANTS.iter().map(found).collect()
}

#[cfg(test)]
fn violations(check: Check, seen: &Seen) -> usize {
    let mut findings = Findings::default();
    check(seen, &mut findings);
    assert!(findings.checked > 0);
    findings.violations.len()
}
