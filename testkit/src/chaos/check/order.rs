//! Reads and writes of one resource are linearizable. The history is the one order of its versions, so what is left is
//! time: whoever begins after a version was acknowledged or seen gets that one or a later one, a write makes a later one,
//! and nothing is seen before its write began. A transaction seen at one resource counts at all of them.

use super::{Evidence, Findings, timeline::Timeline};
use crate::chaos::record::{Change, How, Outcome, Seen, Sight};

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    for sight in &evidence.record.sights {
        let Some(timeline) = evidence.timelines.of(&sight.of) else {
            let is_missing = matches!(sight.seen, Seen::Absent | Seen::NotFound);
            findings.hold(is_missing, || format!("seen, but never there: {sight:?}"));
            continue;
        };
        let least = match sight.how {
            // Of old versions it is asked for the number.
            How::VRead => 0,
            _ => timeline.floor(sight.span.start),
        };
        match &sight.seen {
            Seen::Version { version, op } => {
                findings.hold(*version >= least, || format!("stale: {sight:?}: {least} was known"));
                let there = timeline.at(*version);
                let same =
                    there.is_some_and(|there| there.content.as_ref().is_none_or(|there| there.op == *op));
                findings.hold(same, || format!("another version: {sight:?}: {there:?}"));
                let began = timeline.began(*version).unwrap_or_default();
                findings
                    .hold(began <= sight.span.end, || format!("from the future: {sight:?}, begun {began}"));
            }
            _ => findings.hold(may_be_missing(timeline, sight, least), || {
                format!("stale: {sight:?}: {least} was known")
            }),
        }
    }
    for (name, timeline) in evidence.timelines.iter() {
        for write in &timeline.writes {
            let least = timeline.floor(write.span.start);
            match (&write.change, &write.outcome, timeline.made_by(&write.op)) {
                // One that found the resource deleted already tells the version that did it.
                (Change::Delete, Outcome::Done(version), _) => {
                    findings
                        .hold(*version >= least, || format!("stale: {name}: {write:?}: {least} was known"));
                }
                (Change::Put(_) | Change::Patch(_), _, Some(version)) => {
                    let text = || {
                        format!("not after what was known: {name} {version}: {write:?}: {least} was known")
                    };
                    findings.hold(version > least, text);
                }
                _ => {}
            }
        }
    }
}

/// Whether a resource of which at least version `least` was known need not be there: a version that it could be is a
/// deleted one, or there was none yet.
fn may_be_missing(timeline: &Timeline<'_>, sight: &Sight, least: u64) -> bool {
    let deleted = || {
        timeline.versions.iter().any(|version| {
            let begun = timeline.began(version.version).unwrap_or_default() <= sight.span.end;
            version.content.is_none() && version.version >= least && begun
        })
    };
    match sight.seen {
        Seen::Gone => deleted(),
        Seen::Absent => least == 0,
        _ => least == 0 || deleted(),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample, delete, put, saw, span},
        *,
    };
    use crate::chaos::record::Write;

    fn sample() -> Sample {
        let sample = Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1)));
        let sample = sample.write(put(A, "o2", span(10, 20), Outcome::Done(2)));
        let sample = sample.write(delete(A, "o3", span(30, 40), Outcome::Done(3)));
        sample.write(put(A, "o4", span(50, 60), Outcome::Unknown)).history(A, &["o1", "o2", "-", "o4"])
    }

    fn missing(span: crate::chaos::record::Span, seen: Seen, how: How) -> Sight {
        Sight { seen, how, ..saw(A, span, 0, "") }
    }

    #[test]
    fn what_overlaps_may_be_seen_or_not() {
        sample().sight(saw(A, span(11, 12), 1, "o1")).sight(saw(A, span(13, 14), 2, "o2")).holds(check);
        sample().sight(missing(span(31, 32), Seen::Gone, How::Read)).holds(check);
        sample().sight(missing(span(0, 1), Seen::Absent, How::Read)).holds(check);
        sample().sight(missing(span(41, 42), Seen::NotFound, How::Search)).holds(check);
        sample().sight(saw(A, span(70, 71), 4, "o4")).holds(check);
        let old = Sight { how: How::VRead, ..saw(A, span(70, 71), 1, "o1") };
        sample().sight(old).holds(check);
    }

    #[test]
    fn a_delete_of_unknown_outcome_may_have_made_what_a_later_one_found() {
        let sample = Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1)));
        let sample = sample.write(delete(A, "o2", span(10, 20), Outcome::Unknown));
        let sample = sample.write(delete(A, "o3", span(40, 50), Outcome::Done(2))).history(A, &["o1", "-"]);
        sample.sight(missing(span(30, 31), Seen::Gone, How::Read)).holds(check);
    }

    #[test]
    fn stale_reads_are_told() {
        sample().sight(saw(A, span(21, 22), 1, "o1")).violates(check, "stale");
        sample().sight(missing(span(21, 22), Seen::NotFound, How::Search)).violates(check, "stale");
        sample().sight(missing(span(3, 4), Seen::Absent, How::Read)).violates(check, "stale");
        sample().sight(missing(span(3, 4), Seen::Gone, How::Read)).violates(check, "stale");
        // What one reader saw is known to the next.
        let seen = sample().sight(saw(A, span(11, 12), 2, "o2"));
        seen.sight(saw(A, span(13, 14), 1, "o1")).violates(check, "stale");
    }

    #[test]
    fn what_cannot_have_been_seen_is_told() {
        // The write, which begins later, is then after something that was known already.
        let told = sample().sight(saw(A, span(4, 5), 2, "o2")).find(check).violations;
        assert!(told.len() == 2 && told[0].contains("from the future"), "{told:?}");
        sample().sight(saw(A, span(21, 22), 2, "o9")).violates(check, "another version");
    }

    #[test]
    fn a_write_below_an_acknowledged_one_is_told() {
        let sample = Sample::default().write(put(A, "o2", span(1, 2), Outcome::Done(2)));
        let sample = sample.write(put(A, "o1", span(3, 4), Outcome::Unknown)).history(A, &["o1", "o2"]);
        sample.violates(check, "not after what was known");
    }

    #[test]
    fn a_transaction_seen_at_one_resource_is_known_at_the_other() {
        let part = |of| Write { bundled: true, ..put(of, "t", span(10, 90), Outcome::Done(2)) };
        let sample = Sample::default().write(part(A)).write(part(B));
        let sample = sample.write(put(A, "o1", span(1, 2), Outcome::Done(1)));
        let sample = sample.write(put(B, "o1", span(1, 2), Outcome::Done(1)));
        let sample = sample.history(A, &["o1", "t"]).history(B, &["o1", "t"]);
        let seen = sample.sight(saw(A, span(20, 21), 2, "t"));
        seen.sight(saw(B, span(30, 31), 1, "o1")).violates(check, "stale");
    }
}
