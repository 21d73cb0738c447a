//! Nothing is applied twice: a write makes one version, a create one resource, and whoever repeats a write under its
//! idempotency key gets the first answer again.

use super::{Evidence, Findings};
use crate::chaos::{
    content::Content,
    record::{Change, Create, Made, Outcome, Rule, Write},
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    for (name, timeline) in evidence.timelines.iter() {
        let mut makers = BTreeSet::new();
        for content in timeline.versions.iter().filter_map(|version| version.content.as_ref()) {
            findings.hold(makers.insert(&content.op), || format!("twice: {name}: {}", content.op));
            findings.hold(is_a_set(content), || format!("twice in one version: {name}: {content:?}"));
        }
        let deletes = || timeline.writes.iter().filter(|write| write.change == Change::Delete);
        let doubtful = deletes().filter(|write| write.outcome == Outcome::Unknown).count();
        let nobodys = timeline.versions.iter().filter(|version| {
            let own = |write: &&&Write| write.outcome == Outcome::Done(version.version);
            version.content.is_none() && !deletes().any(|write| own(&write))
        });
        let nobodys: Vec<_> = nobodys.map(|version| version.version).collect();
        let text = || format!("deleted too often: {name}: {nobodys:?} by {doubtful} in doubt");
        findings.hold(nobodys.len() <= doubtful, text);
        for write in &timeline.writes {
            for repeat in &write.repeats {
                findings.hold(is_repeated(write, repeat), || format!("another answer: {name}: {write:?}"));
            }
        }
    }
    creates(evidence, findings);
}

fn is_a_set(content: &Content) -> bool {
    content.trail.iter().collect::<BTreeSet<_>>().len() == content.trail.len()
}

/// The first answer again, or none at the moment.
fn is_repeated(write: &Write, repeat: &Outcome) -> bool {
    match repeat {
        Outcome::Done(_) => *repeat == write.outcome,
        Outcome::Refused(code) => code.is_none_or(|code| code.retryable()),
        Outcome::Unknown => true,
    }
}

fn creates(evidence: &Evidence<'_>, findings: &mut Findings) {
    let mut by_key: BTreeMap<&str, Vec<&Create>> = BTreeMap::new();
    for create in evidence.record.creates.iter().filter(|create| create.rule == Rule::Key) {
        by_key.entry(&create.key).or_default().push(create);
    }
    for (key, creates) in by_key {
        let made = evidence.timelines.iter().filter(|(_, timeline)| {
            timeline
                .versions
                .iter()
                .filter_map(|version| version.content.as_ref())
                .any(|content| content.key == key)
        });
        let made: BTreeSet<_> = made.map(|(name, _)| name).collect();
        findings.hold(made.len() <= 1, || format!("made twice: {key}: {made:?}, {creates:?}"));
        for answer in creates.iter().flat_map(|create| &create.answers) {
            if let Made::New(name) | Made::Found(name) = answer {
                let text = || format!("another answer: {key}: {name}, there {made:?}: {creates:?}");
                findings.hold(made.contains(name.as_str()), text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample, create, delete, put, span},
        *,
    };
    use proto::Code;

    #[test]
    fn a_write_applied_twice_is_told() {
        let write = || Sample::default().write(put(A, "o1", span(1, 2), Outcome::Done(1)));
        write().history(A, &["o1", "o2"]).holds(check);
        write().history(A, &["o1", "o2", "o1"]).violates(check, "twice");
        let mut patched = write().history(A, &["o1"]);
        let content = patched.survey.histories.get_mut(A).unwrap()[0].content.as_mut().unwrap();
        content.trail = vec!["o1".to_owned(), "o2".to_owned(), "o2".to_owned()];
        patched.violates(check, "twice in one version");
        let deleted = Sample::default().write(delete(A, "o1", span(1, 2), Outcome::Done(2)));
        deleted.history(A, &["o0", "-", "o2", "-"]).violates(check, "deleted too often");
    }

    #[test]
    fn a_repeat_with_another_answer_is_told() {
        let repeated = |repeat| {
            let write = Write { repeats: vec![repeat], ..put(A, "o1", span(1, 2), Outcome::Done(1)) };
            Sample::default().write(write).history(A, &["o1"])
        };
        repeated(Outcome::Done(1)).holds(check);
        repeated(Outcome::Refused(Some(Code::Overloaded))).holds(check);
        repeated(Outcome::Done(2)).violates(check, "another answer");
        repeated(Outcome::Refused(Some(Code::VersionConflict))).violates(check, "another answer");
    }

    #[test]
    fn a_create_that_made_two_is_told() {
        let made = |name: &str| create("o1", A, Rule::Key, span(1, 2), Made::New(name.to_owned()));
        Sample::default().create(made(A)).create(made(A)).history(A, &["o1"]).holds(check);
        let mut two = Sample::default().create(made(A)).history(A, &["o1"]).history(B, &["o1"]);
        two.survey.histories.get_mut(B).unwrap()[0].content.as_mut().unwrap().key = A.to_owned();
        two.violates(check, "made twice");
        Sample::default().create(made(B)).history(A, &["o1"]).violates(check, "another answer");
    }
}
