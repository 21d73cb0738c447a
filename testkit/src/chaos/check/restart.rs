//! Every other node, and one more kill -9 and start with nobody writing, change nothing that can be read or found.

use super::{Evidence, Findings, search};
use crate::chaos::survey::Survey;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    for (how, later) in evidence.later {
        compare(evidence.survey, how, later, findings);
    }
}

fn compare(survey: &Survey, how: &str, later: &Survey, findings: &mut Findings) {
    let (before, after) = (&survey.histories, &later.histories);
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    for name in names {
        let (before, after) = (before.get(name), after.get(name));
        findings.hold(before == after, || {
            let last =
                |versions: Option<&Vec<_>>| versions.map(|all| (all.len(), format!("{:?}", all.last())));
            format!("another history ({how}): {name}: {:?}, then {:?}", last(before), last(after))
        });
    }
    for (before, after) in survey.listings.iter().zip(&later.listings) {
        findings.hold(before == after, || {
            let of = |listing: &crate::chaos::survey::Listing| (listing.level.clone(), listing.page_size);
            let differs = before.rows.iter().zip(&after.rows).find(|(before, after)| before != after);
            format!("another list ({how}): {:?} and {:?}: {differs:?}", of(before), of(after))
        });
    }
    search::of_survey(later, findings);
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample},
        *,
    };

    fn after(sample: Sample) -> Sample {
        let before = Sample::default().history(A, &["o1"]);
        Sample { later: Some(sample.survey), ..before }
    }

    #[test]
    fn what_is_gone_or_new_after_a_restart_is_told() {
        after(Sample::default().history(A, &["o1"])).holds(check);
        after(Sample::default().history(A, &[])).violates(check, "another history");
        after(Sample::default().history(A, &["o1"]).history(B, &["o2"])).violates(check, "another history");
        let mut ghost = Sample::default().history(A, &["o1"]);
        ghost.survey.reads.insert(A.to_owned(), None);
        after(ghost).violates(check, "read");
    }
}
