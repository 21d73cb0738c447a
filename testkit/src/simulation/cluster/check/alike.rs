//! At rest, every node shows what the first one shows, whoever leads: each reads and searches its own rows and its own index; and
//! so does every node that was started anew, whose index is made of its rows.

use super::Seen;
use crate::chaos::{check::Findings, survey::Survey};

pub(super) fn check(seen: &Seen, findings: &mut Findings) {
    let mut all = seen.before.iter().chain(&seen.after);
    let Some((first, shown)) = all.next() else { return };
    let wanted = lines(shown);
    for (node, survey) in all {
        let found = lines(survey);
        let differs = wanted.iter().zip(&found).find(|(one, other)| one != other);
        findings.hold(wanted.len() == found.len() && differs.is_none(), || {
            format!("{node} shows {} lines, {first} {}: {differs:?}", found.len(), wanted.len())
        });
    }
}

/// A search's matches come in any order.
fn lines(survey: &Survey) -> Vec<String> {
    let mut survey = survey.clone();
    survey.searches.iter_mut().for_each(|search| search.found.sort());
    let mut lines = survey.lines();
    lines.extend(survey.reads.iter().map(|read| format!("{read:?}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::{super::violations, *};

    fn of(version: u64) -> (String, Survey) {
        let reads = [("Patient/a".to_owned(), Some(version))].into();
        (version.to_string(), Survey { reads, ..Survey::default() })
    }

    #[test]
    fn a_node_that_shows_something_else_is_told() {
        let seen =
            |after: u64| Seen { before: vec![of(1), of(1)], after: vec![of(after)], ..Seen::default() };
        assert_eq!(violations(check, &seen(1)), 0);
        assert_eq!(violations(check, &seen(2)), 1);
    }
}
