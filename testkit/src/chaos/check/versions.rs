//! The versions of a resource are 1, 2, 3 and so on without a gap, and none is of an earlier time than the one before.

use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    for (name, versions) in &evidence.survey.histories {
        let numbers: Vec<_> = versions.iter().map(|version| version.version).collect();
        let gap_free = numbers.iter().copied().eq(1..=numbers.len() as u64);
        findings.hold(gap_free, || format!("a gap: {name}: {numbers:?}"));
        let times: Vec<_> = versions.iter().map(|version| version.updated_ms).collect();
        findings.hold(times.is_sorted(), || format!("back in time: {name}: {times:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, Sample},
        *,
    };

    #[test]
    fn gaps_and_times_that_go_back_are_told() {
        Sample::default().history(A, &["o1", "-", "o2"]).holds(check);
        let mut gap = Sample::default().history(A, &["o1", "o2", "o3"]);
        gap.survey.histories.get_mut(A).unwrap().remove(1);
        gap.violates(check, "a gap");
        let mut back = Sample::default().history(A, &["o1", "o2"]);
        back.survey.histories.get_mut(A).unwrap()[1].updated_ms = 0;
        back.violates(check, "back in time");
    }
}
