//! Searches find what is there, once, in its current version, and nothing else: no ghosts of deleted or older versions, no
//! orphans of a patient that a resource has left. What was just made is found at once.

use super::{Evidence, Findings};
use crate::chaos::{
    record::{Made, Name},
    survey::Survey,
};
use std::collections::BTreeMap;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    of_survey(evidence.survey, findings);
    for find in &evidence.record.finds {
        findings.hold(find.found.len() == 1, || format!("made, and not found once: {find:?}"));
    }
    for create in &evidence.record.creates {
        let found = evidence.record.finds.iter().filter(|find| find.key == create.key);
        for find in found.filter(|find| find.span.start > create.span.end) {
            for answer in &create.answers {
                if let Made::New(name) | Made::Found(name) = answer {
                    findings.hold(find.found.contains(name), || {
                        format!("another one found: {find:?}: {create:?}")
                    });
                }
            }
        }
    }
}

/// Also after a restart.
pub(super) fn of_survey(survey: &Survey, findings: &mut Findings) {
    for search in &survey.searches {
        let mut counts: BTreeMap<&(Name, u64), i64> = search.wanted.iter().map(|one| (one, 1)).collect();
        for one in &search.found {
            *counts.entry(one).or_default() -= 1;
        }
        let wrong: Vec<_> = counts.into_iter().filter(|(_, count)| *count != 0).take(5).collect();
        findings
            .hold(wrong.is_empty(), || format!("{}: missing (1) or too many (-1): {wrong:?}", search.what));
    }
    for (name, versions) in &survey.histories {
        let last = versions.last().filter(|version| version.content.is_some());
        let (read, wanted) = (survey.reads.get(name), last.map(|version| version.version));
        findings.hold(read == Some(&wanted), || {
            format!("read: {name}: {read:?}, its history ends with {wanted:?}")
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample, create, span},
        *,
    };
    use crate::chaos::{
        record::{Find, Rule},
        survey::Search,
    };

    fn searched(found: &[(&str, u64)]) -> Sample {
        let mut sample = Sample::default().history(A, &["o1", "o2"]).history(B, &["o3", "-"]);
        let owned =
            |rows: &[(&str, u64)]| rows.iter().map(|&(name, version)| (name.to_owned(), version)).collect();
        let search = Search { what: "all".to_owned(), found: owned(found), wanted: owned(&[(A, 2)]) };
        sample.survey.searches.push(search);
        sample
    }

    #[test]
    fn ghosts_orphans_and_gaps_are_told() {
        searched(&[(A, 2)]).holds(check);
        searched(&[]).violates(check, "missing");
        searched(&[(A, 2), (A, 2)]).violates(check, "too many");
        searched(&[(A, 2), (B, 1)]).violates(check, "too many");
        let mut gone = searched(&[(A, 2)]);
        gone.survey.reads.insert(B.to_owned(), Some(1));
        gone.violates(check, "read");
    }

    #[test]
    fn what_was_made_and_is_not_found_is_told() {
        let found = |names: &[&str]| {
            let mut sample = Sample::default().history(A, &["o1"]);
            let found = names.iter().map(|&name| name.to_owned()).collect();
            sample.record.finds.push(Find { key: A.to_owned(), span: span(3, 4), found });
            sample.create(create("o1", A, Rule::Key, span(1, 2), Made::New(A.to_owned())))
        };
        found(&[A]).holds(check);
        found(&[A, B]).violates(check, "not found once");
        found(&[B]).violates(check, "another one found");
    }
}
