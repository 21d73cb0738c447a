//! A search is one moment: what transactions always change together is never seen half changed, neither meanwhile nor in
//! the end. An account's members keep their sum, a pair's members the name of the transaction that wrote them.

use super::{Evidence, Findings};
use crate::chaos::{
    content::Content,
    record::{Name, Whole},
};
use std::collections::BTreeSet;

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    for whole in &evidence.record.wholes {
        for group in evidence.record.groups.iter().filter(|group| group.name == whole.name) {
            let members = group.members.iter().map(|(name, content)| (name, content)).collect::<Vec<_>>();
            hold(whole, &members, findings, &format!("{:?}", group.span));
        }
        let member = |(name, _, content)| whole.members.contains(name).then_some((name, content));
        hold(whole, &evidence.survey.alive().filter_map(member).collect::<Vec<_>>(), findings, "the end");
    }
}

fn hold(whole: &Whole, members: &[(&Name, &Content)], findings: &mut Findings, when: &str) {
    let names: BTreeSet<_> = members.iter().map(|(name, _)| *name).collect();
    let all = members.len() == whole.members.len() && names == whole.members.iter().collect();
    findings.hold(all, || format!("not all, or not once: {} at {when}: {members:?}", whole.name));
    let good = match whole.sum {
        Some(sum) => members.iter().filter_map(|(_, content)| content.value).sum::<i64>() == sum,
        None => members.iter().all(|(_, content)| content.op == members[0].1.op),
    };
    if all {
        findings.hold(good, || format!("half a transaction: {} at {when}: {members:?}", whole.name));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{A, B, Sample, span},
        *,
    };
    use crate::chaos::record::Group;

    fn seen(sum: Option<i64>, members: &[(&str, &str, i64)]) -> Sample {
        let mut sample = Sample::default().history(A, &["t"]).history(B, &["t"]);
        for name in [A, B] {
            sample.survey.histories.get_mut(name).unwrap()[0].content.as_mut().unwrap().value = Some(5);
        }
        let member = |&(name, op, value): &(&str, &str, i64)| {
            (name.to_owned(), Content { value: Some(value), ..Content::new(op, name) })
        };
        let members = members.iter().map(member).collect();
        sample.record.groups.push(Group { name: "g".to_owned(), span: span(1, 2), members });
        let members = vec![A.to_owned(), B.to_owned()];
        sample.record.wholes.push(Whole { name: "g".to_owned(), members, sum });
        sample
    }

    #[test]
    fn half_a_transaction_in_a_search_is_told() {
        seen(Some(10), &[(A, "o1", 3), (B, "o2", 7)]).holds(check);
        seen(Some(10), &[(A, "o1", 3), (B, "o2", 5)]).violates(check, "half a transaction");
        seen(None, &[(A, "o1", 0), (B, "o1", 0)]).holds(check);
        seen(None, &[(A, "o1", 0), (B, "o2", 0)]).violates(check, "half a transaction");
        seen(None, &[(A, "o1", 0)]).violates(check, "not all, or not once");
        seen(None, &[(A, "o1", 0), (B, "o1", 0), (B, "o1", 0)]).violates(check, "not all, or not once");
        seen(Some(11), &[(A, "o1", 4), (B, "o2", 7)]).violates(check, "the end");
    }
}
