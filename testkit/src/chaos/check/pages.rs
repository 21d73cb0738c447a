//! The first page of a history, read while others write: each version once, the newest first, without a gap among what was
//! acknowledged before it, and transactions whole as far as the page reaches.

use super::{Evidence, Findings};
use crate::chaos::record::{Outcome, Page, Row, Write};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let made = made(evidence);
    let mut bundles: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    let mut bundle_of: BTreeMap<&Row, &str> = BTreeMap::new();
    for (write, row) in made.iter().filter(|(write, _)| write.bundled) {
        bundles.entry(&write.op).or_default().push(row);
        bundle_of.insert(row, &write.op);
    }
    for page in &evidence.record.pages {
        let have: BTreeSet<&Row> = page.rows.iter().collect();
        let at = format!("{:?} at {:?}", page.level, page.span);
        findings.hold(have.len() == page.rows.len(), || format!("twice: {at}: {:?}", page.rows));
        let in_order = page.rows.is_sorted_by(|one, two| one.updated_ms >= two.updated_ms);
        findings.hold(in_order, || format!("not newest first: {at}: {:?}", page.rows));
        let due = |row: &Row| reaches(page, row) && !have.contains(row);
        let before = made.iter().filter(|(write, _)| {
            matches!(write.outcome, Outcome::Done(_)) && write.span.end < page.span.start
        });
        let missing: Vec<_> = before.map(|(_, row)| row).filter(|row| due(row)).take(3).collect();
        findings.hold(missing.is_empty(), || format!("missing: {at}: {missing:?}"));
        let siblings = page.rows.iter().filter_map(|row| bundle_of.get(row)).flat_map(|op| &bundles[op]);
        let half: Vec<_> = siblings.filter(|row| due(row)).take(3).collect();
        findings.hold(half.is_empty(), || format!("half a transaction: {at}: {half:?} not there"));
    }
}

/// Every write whose version is known, and its row.
fn made<'a>(evidence: &Evidence<'a>) -> Vec<(&'a Write, Row)> {
    let row = |write: &'a Write| {
        let timeline = evidence.timelines.of(&write.of)?;
        let version = timeline.at(timeline.made_by(&write.op)?)?;
        let of = write.of.clone();
        Some((write, Row { of, version: version.version, updated_ms: version.updated_ms }))
    };
    evidence.record.writes.iter().filter_map(row).collect()
}

/// Whether a version of that age has to be on the page. Of those as old as its last row, it may have some.
fn reaches(page: &Page, row: &Row) -> bool {
    let oldest = page.rows.last().map_or(0, |last| last.updated_ms);
    page.level.holds(&row.of) && (page.last || row.updated_ms > oldest)
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample, put, row, span},
        *,
    };
    use crate::chaos::record::Level;

    fn page(rows: Vec<Row>, last: bool) -> Sample {
        let sample = Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1)));
        let part = |of| Write { bundled: true, ..put(of, "t", span(3, 100), Outcome::Done(2)) };
        let sample = sample.write(put(B, "o2", span(1, 2), Outcome::Done(1))).write(part(A)).write(part(B));
        let mut sample = sample.history(A, &["o1", "t"]).history(B, &["o2", "t"]);
        sample.record.pages.push(Page { level: Level::System, span: span(10, 20), rows, last });
        sample
    }

    #[test]
    fn gaps_and_halves_are_told() {
        page(vec![row(A, 2, 2), row(B, 2, 2), row(B, 1, 1), row(A, 1, 1)], true).holds(check);
        page(vec![row(A, 1, 1), row(B, 1, 1)], true).holds(check);
        page(vec![row(A, 2, 2)], false).holds(check);
        page(vec![row(A, 1, 1)], true).violates(check, "missing");
        page(vec![row(A, 2, 2), row(B, 1, 1), row(A, 1, 1)], true).violates(check, "half a transaction");
        page(vec![row(A, 1, 1), row(B, 1, 1), row(A, 1, 1)], true).violates(check, "twice");
        page(vec![row(A, 1, 1), row(A, 2, 2), row(B, 2, 2), row(B, 1, 1)], true)
            .violates(check, "newest first");
    }
}
