//! A write that names a version follows that version, so that at most one wins it; one that wants to be the first is; and
//! nobody is refused for a version that was current all the while.

use super::{Evidence, Findings, timeline::Timeline};
use crate::chaos::record::{Change, Outcome, Write};
use proto::Code;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    for (name, timeline) in evidence.timelines.iter() {
        for write in &timeline.writes {
            let made = match (&write.change, &write.outcome) {
                (Change::Delete, Outcome::Done(version)) => Some(*version),
                _ => timeline.made_by(&write.op),
            };
            if let (Some(named), Some(made)) = (write.if_match, made) {
                let text = || format!("not the version that was named: {name} {made}: {write:?}");
                findings.hold(made == named + 1, text);
            }
            if let (true, Some(made)) = (write.only_new, made) {
                let before = made.checked_sub(1).and_then(|before| timeline.at(before));
                let new = before.is_none_or(|before| before.content.is_none());
                findings.hold(new, || format!("not the first: {name} {made}: {write:?}"));
            }
            if write.outcome == Outcome::Refused(Some(Code::VersionConflict)) && write.if_match.is_some() {
                let without_reason = was_current(timeline, write) && others_were_current(evidence, write);
                findings.hold(!without_reason, || format!("refused without reason: {name}: {write:?}"));
            }
        }
    }
}

/// One version that is not current refuses the whole transaction.
fn others_were_current(evidence: &Evidence<'_>, write: &Write) -> bool {
    let mut others =
        evidence.record.writes.iter().filter(|other| other.op == write.op && other.if_match.is_some());
    others.all(|other| evidence.timelines.of(&other.of).is_some_and(|timeline| was_current(timeline, other)))
}

/// What it names was known before the write began, and the successor's write began after the answer.
fn was_current(timeline: &Timeline<'_>, write: &Write) -> bool {
    let Some(version) = write.if_match else { return false };
    let followed = timeline.at(version + 1).is_some();
    let later = timeline.began(version + 1).is_some_and(|began| began > write.span.end);
    timeline.floor(write.span.start) == version && (later || !followed)
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, Sample, put, span},
        *,
    };

    fn matching(op: &str, if_match: u64, begin: u64, outcome: Outcome) -> Write {
        Write { if_match: Some(if_match), ..put(A, op, span(begin, begin + 5), outcome) }
    }

    fn sample() -> Sample {
        Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1)))
    }

    #[test]
    fn a_second_winner_is_told() {
        let one = sample().write(matching("o2", 1, 10, Outcome::Done(2)));
        one.history(A, &["o1", "o2"]).holds(check);
        let two = sample().write(matching("o2", 1, 10, Outcome::Done(2)));
        let two = two.write(matching("o3", 1, 10, Outcome::Done(3)));
        two.history(A, &["o1", "o2", "o3"]).violates(check, "not the version");
    }

    #[test]
    fn a_first_one_that_is_none_is_told() {
        let new = Write { only_new: true, ..put(A, "o2", span(10, 11), Outcome::Unknown) };
        sample().write(new.clone()).history(A, &["o1", "o2"]).violates(check, "not the first");
        sample().write(new).history(A, &["o1", "-", "o2"]).holds(check);
    }

    #[test]
    fn a_refusal_without_reason_is_told() {
        let conflict = || matching("o2", 1, 10, Outcome::Refused(Some(Code::VersionConflict)));
        sample().write(conflict()).history(A, &["o1"]).violates(check, "without reason");
        // Another entry of the transaction was.
        let mut both = sample().write(conflict()).history(A, &["o1"]);
        both.record.writes.push(Write { of: "Patient/b".to_owned(), ..conflict() });
        both.holds(check);
        // Somebody was under way.
        let other = sample().write(conflict()).write(put(A, "o3", span(12, 30), Outcome::Done(2)));
        other.history(A, &["o1", "o3"]).holds(check);
    }
}
