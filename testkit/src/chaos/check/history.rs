//! At rest, a history read to its end in pages of any size has each version once, nothing else, and the newest first.

use super::{Evidence, Findings};
use crate::chaos::{record::Row, survey::Listing};
use std::collections::BTreeMap;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let mut all: Vec<Row> = Vec::new();
    for (name, versions) in &evidence.survey.histories {
        all.extend(versions.iter().map(|version| Row {
            of: name.clone(),
            version: version.version,
            updated_ms: version.updated_ms,
        }));
    }
    for listing in &evidence.survey.listings {
        let wanted =
            all.iter().filter(|row| listing.level.holds(&row.of) && row.updated_ms >= listing.since_ms);
        let mut counts: BTreeMap<&Row, i64> = wanted.map(|row| (row, 1)).collect();
        for row in &listing.rows {
            *counts.entry(row).or_default() -= 1;
        }
        tell(findings, listing, "missing", counts.iter().filter(|(_, count)| **count > 0));
        tell(findings, listing, "too many", counts.iter().filter(|(_, count)| **count < 0));
        let newest_first = listing.rows.is_sorted_by(|one, two| one.updated_ms >= two.updated_ms);
        findings.hold(newest_first, || {
            let after = |pair: &&[Row]| pair[0].updated_ms < pair[1].updated_ms;
            let first = listing.rows.windows(2).find(after);
            format!("not newest first: {}: {first:?}", named(listing))
        });
    }
}

fn tell<'a>(
    findings: &mut Findings,
    listing: &Listing,
    what: &str,
    rows: impl Iterator<Item = (&'a &'a Row, &'a i64)>,
) {
    let rows: Vec<_> = rows.collect();
    findings.hold(rows.is_empty(), || {
        let first: Vec<_> = rows.iter().take(3).collect();
        format!("{what}: {}: {} of {}: {first:?}", named(listing), rows.len(), listing.rows.len())
    });
}

fn named(listing: &Listing) -> String {
    format!("{:?} in pages of {} since {}", listing.level, listing.page_size, listing.since_ms)
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample, row},
        *,
    };
    use crate::chaos::record::Level;

    fn listed(level: Level, since_ms: u64, rows: Vec<Row>) -> Sample {
        let mut sample = Sample::default().history(A, &["o1", "o2"]).history(B, &["o3"]);
        sample.survey.listings.push(Listing { level, page_size: 2, since_ms, rows });
        sample
    }

    #[test]
    fn what_is_missing_double_or_out_of_order_is_told() {
        let all = || vec![row(A, 2, 2), row(B, 1, 1), row(A, 1, 1)];
        listed(Level::System, 0, all()).holds(check);
        listed(Level::Type("Observation"), 0, vec![]).holds(check);
        listed(Level::Instance(B.to_owned()), 0, vec![row(B, 1, 1)]).holds(check);
        listed(Level::System, 2, vec![row(A, 2, 2)]).holds(check);
        listed(Level::System, 0, all()[..2].to_vec()).violates(check, "missing");
        listed(Level::System, 0, [all(), vec![row(A, 1, 1)]].concat()).violates(check, "too many");
        listed(Level::System, 2, all()).violates(check, "too many");
        listed(Level::System, 0, vec![row(B, 1, 1), row(A, 2, 2), row(A, 1, 1)])
            .violates(check, "newest first");
    }
}
