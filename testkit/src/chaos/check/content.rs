//! Each version is what the write that it names makes of the version before, and somebody made that write.

use super::{Evidence, Findings, timeline::Timeline};
use crate::chaos::{
    content::Content,
    record::{Change, Write},
    survey::Version,
};
use std::collections::BTreeSet;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let created: BTreeSet<&str> = evidence.record.creates.iter().map(|create| create.op.as_str()).collect();
    for (name, timeline) in evidence.timelines.iter() {
        for version in timeline.versions {
            let Some(content) = &version.content else { continue };
            match timeline.writes.iter().find(|write| write.op == content.op) {
                Some(write) => {
                    let wanted = made(timeline, write, version);
                    let text =
                        || format!("not what was written: {name}: {version:?}, {write:?}, wanted {wanted:?}");
                    findings.hold(wanted.as_ref() == Some(content), text);
                }
                None => {
                    let known = created.contains(content.op.as_str());
                    findings.hold(known, || format!("nobody wrote it: {name}: {version:?}"));
                }
            }
        }
    }
}

/// What the write makes there; `None`: it could not be applied there.
fn made(timeline: &Timeline<'_>, write: &Write, version: &Version) -> Option<Content> {
    match &write.change {
        Change::Put(content) => Some(content.clone()),
        Change::Patch(patch) => {
            let before = timeline.at(version.version.checked_sub(1)?)?.content.as_ref()?;
            let as_expected = patch.value.is_none_or(|(expected, _)| before.value == Some(expected));
            as_expected.then(|| patch.apply(&write.op, before))
        }
        Change::Delete => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, Sample, put, span},
        *,
    };
    use crate::chaos::{content::Patch, record::Outcome};

    fn sample() -> Sample {
        let first = put(A, "o1", span(1, 2), Outcome::Done(1));
        let patch =
            Write { change: Change::Patch(Patch::default()), ..put(A, "o2", span(3, 4), Outcome::Done(2)) };
        let mut sample = Sample::default().write(first).write(patch).history(A, &["o1", "o2"]);
        trail(&mut sample, &["o1", "o2"]);
        sample
    }

    fn trail(sample: &mut Sample, ops: &[&str]) {
        let content = sample.survey.histories.get_mut(A).unwrap()[1].content.as_mut().unwrap();
        content.trail = ops.iter().map(|&op| op.to_owned()).collect();
    }

    #[test]
    fn a_patch_of_another_version_is_told() {
        sample().holds(check);
        let mut lost = sample();
        trail(&mut lost, &["o2"]);
        lost.violates(check, "not what was written");
        let mut untested = sample();
        untested.record.writes[1].change = Change::Patch(Patch { value: Some((1, 2)), ..Patch::default() });
        untested.violates(check, "not what was written");
    }

    #[test]
    fn a_version_of_nobodys_is_told() {
        sample().history("Patient/b", &["o9"]).violates(check, "nobody wrote it");
    }
}
