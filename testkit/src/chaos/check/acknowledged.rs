//! An acknowledged write is there, as the version it was answered with; one that was refused is not.

use super::{Evidence, Findings};
use crate::chaos::record::{Change, Create, Made, Outcome};
use std::collections::BTreeMap;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    for (name, timeline) in evidence.timelines.iter() {
        for write in &timeline.writes {
            match (&write.outcome, &write.change) {
                (Outcome::Done(0), Change::Delete) | (Outcome::Unknown, _) => {}
                (Outcome::Done(version), Change::Delete) => {
                    let there = timeline.at(*version);
                    let good = there.is_some_and(|there| there.content.is_none());
                    findings.hold(good, || format!("lost: {name}: {write:?}; there: {there:?}"));
                }
                (Outcome::Done(version), _) => {
                    let there = timeline.at(*version).and_then(|there| there.content.as_ref());
                    let good = there.is_some_and(|there| there.op == write.op);
                    findings.hold(good, || format!("lost: {name}: {write:?}; there: {there:?}"));
                }
                (Outcome::Refused(_), Change::Delete) => {}
                (Outcome::Refused(_), _) => {
                    let made = timeline.made_by(&write.op);
                    findings
                        .hold(made.is_none(), || format!("refused but there: {name} {made:?}: {write:?}"));
                }
            }
        }
    }
    creates(evidence, findings);
}

fn creates(evidence: &Evidence<'_>, findings: &mut Findings) {
    let mut by_op: BTreeMap<&str, Vec<&Create>> = BTreeMap::new();
    for create in &evidence.record.creates {
        by_op.entry(&create.op).or_default().push(create);
        for answer in &create.answers {
            if let Made::New(name) | Made::Found(name) = answer {
                let there = evidence.timelines.of(name).is_some_and(|timeline| !timeline.versions.is_empty());
                findings.hold(there, || format!("lost: {name}: {create:?}"));
            }
        }
    }
    for (op, creates) in by_op {
        let refused = |answer: &Made| matches!(answer, Made::Refused(_));
        if creates.iter().flat_map(|create| &create.answers).all(refused) {
            let made = evidence.timelines.iter().find(|(_, timeline)| timeline.made_by(op).is_some());
            let name = made.map(|(name, _)| name);
            findings.hold(name.is_none(), || format!("refused but there: {name:?}: {creates:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, Sample, create, delete, put, span},
        *,
    };
    use crate::chaos::record::Rule;

    #[test]
    fn a_lost_write_is_told() {
        let done = Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1)));
        done.violates(check, "lost");
        done.history(A, &["o1"]).holds(check);
        let other = Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1)));
        other.history(A, &["o2", "o1"]).violates(check, "lost");
        let deleted = Sample::default().write(delete(A, "o2", span(1, 2), Outcome::Done(2)));
        deleted.history(A, &["o1", "o3"]).violates(check, "lost");
        let made = create("o1", "k", Rule::Key, span(1, 2), Made::New(A.to_owned()));
        Sample::default().create(made).violates(check, "lost");
    }

    #[test]
    fn a_refused_write_that_was_applied_is_told() {
        let refused = Sample::default().write(put(A, "o1", span(1, 2), Outcome::Refused(None)));
        refused.history(A, &["o1"]).violates(check, "refused but there");
        let unknown = put(A, "o2", span(1, 2), Outcome::Unknown);
        let refused = put(A, "o3", span(1, 2), Outcome::Refused(None));
        Sample::default().write(unknown).write(refused).history(A, &["o1", "o2"]).holds(check);
        let made = create("o1", "k", Rule::Key, span(1, 2), Made::Refused(None));
        Sample::default().create(made).history(A, &["o1"]).violates(check, "refused but there");
    }
}
