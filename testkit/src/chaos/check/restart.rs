//! One more kill -9 and start, with nobody writing, changes nothing that can be read or found.

use super::{Evidence, Findings, search};

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let (before, after) = (&evidence.survey.histories, &evidence.after_restart.histories);
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    for name in names {
        let (before, after) = (before.get(name), after.get(name));
        findings.hold(before == after, || {
            let last =
                |versions: Option<&Vec<_>>| versions.map(|all| (all.len(), format!("{:?}", all.last())));
            format!("another history: {name}: {:?}, then {:?}", last(before), last(after))
        });
    }
    search::of_survey(evidence.after_restart, findings);
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample},
        *,
    };

    fn after(sample: Sample) -> Sample {
        let before = Sample::default().history(A, &["o1"]);
        Sample { after_restart: Some(sample.survey), ..before }
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
