//! The invariants, one file each: what must hold between what clients were told and what is there in the end.

mod acknowledged;
mod bundle;
mod content;
mod criteria;
mod group;
mod history;
mod if_match;
mod once;
mod order;
mod pages;
mod register;
mod restart;
mod search;
mod timeline;
mod versions;

#[cfg(test)]
mod sample;

use super::{record::Record, survey::Survey};
use timeline::Timelines;

/// What the invariants look at.
pub struct Evidence<'a> {
    record: &'a Record,
    survey: &'a Survey,
    /// The same once more, and how: through another node, after a restart.
    later: &'a [(String, Survey)],
    timelines: Timelines<'a>,
}

impl<'a> Evidence<'a> {
    /// Of a run whose end `survey` saw, and each of `later` once more.
    pub fn new(record: &'a Record, survey: &'a Survey, later: &'a [(String, Survey)]) -> Self {
        Evidence { record, survey, later, timelines: Timelines::new(record, survey) }
    }
}

/// What one invariant found.
#[derive(Debug, Default)]
pub struct Findings {
    /// How often it was put to the test: an invariant that nothing was held against says nothing.
    pub checked: u64,
    pub violations: Vec<String>,
}

impl Findings {
    pub(crate) fn hold(&mut self, good: bool, text: impl FnOnce() -> String) {
        self.checked += 1;
        if !good {
            self.violations.push(text());
        }
    }
}

type Check = fn(&Evidence<'_>, &mut Findings);

/// All of them, by name.
const INVARIANTS: &[(&str, Check)] = &[
    ("acknowledged writes are there, refused ones are not", acknowledged::check),
    ("nothing is applied twice", once::check),
    ("versions are gap-free", versions::check),
    ("each version is what its write makes of the one before", content::check),
    ("reads and writes of a resource are linearizable", order::check),
    ("one register explains each resource's answers", register::check),
    ("a version has one winner", if_match::check),
    ("one resource for each criterion", criteria::check),
    ("transactions are all or nothing", bundle::check),
    ("a search is one moment", group::check),
    ("histories are complete and in order", history::check),
    ("pages read meanwhile are complete and in order", pages::check),
    ("searches find what is there and nothing else", search::check),
    ("every node, also after a restart, says the same", restart::check),
];

/// Each invariant's name and findings.
pub fn all(evidence: &Evidence<'_>) -> Vec<(&'static str, Findings)> {
    let found = |&(name, check): &(&'static str, Check)| {
        let mut findings = Findings::default();
        check(evidence, &mut findings);
        (name, findings)
    };
    INVARIANTS.iter().map(found).collect()
}
