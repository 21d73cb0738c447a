//! However many create under the same criteria, however they spell them, there is one resource, and everybody is told that
//! one; only one of the creates made it.

use super::{Evidence, Findings};
use crate::chaos::record::{Create, Made, Rule};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let mut there: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, timeline) in evidence.timelines.iter() {
        for content in timeline.versions.iter().filter_map(|version| version.content.as_ref()) {
            there.entry(&content.key).or_default().insert(name);
        }
    }
    let mut by_key: BTreeMap<&str, Vec<&Create>> = BTreeMap::new();
    for create in evidence.record.creates.iter().filter(|create| create.rule == Rule::Criteria) {
        by_key.entry(&create.key).or_default().push(create);
    }
    for (key, creates) in by_key {
        let made = there.get(key).cloned().unwrap_or_default();
        findings.hold(made.len() <= 1, || format!("made twice: {key}: {made:?}: {creates:?}"));
        let mut makers = BTreeSet::new();
        for create in &creates {
            for answer in &create.answers {
                if let Made::New(name) | Made::Found(name) = answer {
                    let text = || format!("another one: {key}: {name}, there {made:?}: {creates:?}");
                    findings.hold(made.contains(name.as_str()), text);
                }
                if let Made::New(_) = answer {
                    makers.insert(&create.op);
                }
            }
        }
        findings.hold(makers.len() <= 1, || format!("made by several: {key}: {makers:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample, create, span},
        *,
    };

    fn asked(op: &str, answer: Made) -> Create {
        create(op, A, Rule::Criteria, span(1, 2), answer)
    }

    #[test]
    fn a_second_resource_is_told() {
        let new = || Sample::default().create(asked("o1", Made::New(A.to_owned()))).history(A, &["o1"]);
        new().create(asked("o2", Made::Found(A.to_owned()))).holds(check);
        let mut two = new().create(asked("o2", Made::Unknown)).history(B, &["o2"]);
        two.survey.histories.get_mut(B).unwrap()[0].content.as_mut().unwrap().key = A.to_owned();
        two.violates(check, "made twice");
        new().create(asked("o2", Made::Found(B.to_owned()))).violates(check, "another one");
        new().create(asked("o2", Made::New(A.to_owned()))).violates(check, "made by several");
    }
}
