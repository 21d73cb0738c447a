//! A transaction is at all of its resources or at none.

use super::{Evidence, Findings};
use crate::chaos::record::{Change, Write};
use std::collections::BTreeMap;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let mut bundles: BTreeMap<&str, Vec<&Write>> = BTreeMap::new();
    // A deleted version does not tell who made it.
    let named = |write: &&Write| write.bundled && write.change != Change::Delete;
    for write in evidence.record.writes.iter().filter(named) {
        bundles.entry(&write.op).or_default().push(write);
    }
    for (op, writes) in bundles {
        let made = |write: &&&Write| {
            evidence.timelines.of(&write.of).is_some_and(|timeline| timeline.made_by(op).is_some())
        };
        let there: Vec<_> = writes.iter().filter(made).map(|write| &write.of).collect();
        let whole = there.is_empty() || there.len() == writes.len();
        findings.hold(whole, || format!("half of {op}: at {there:?}: {writes:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample, put, span},
        *,
    };
    use crate::chaos::record::Outcome;

    #[test]
    fn half_a_transaction_is_told() {
        let part = |of| Write { bundled: true, ..put(of, "t", span(1, 2), Outcome::Unknown) };
        let both = || Sample::default().write(part(A)).write(part(B)).history(A, &["t"]);
        both().history(B, &["t"]).holds(check);
        both().history(B, &["o1"]).violates(check, "half of t");
        Sample::default().write(part(A)).write(part(B)).holds(check);
    }
}
