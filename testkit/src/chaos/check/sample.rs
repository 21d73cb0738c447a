//! Small records and surveys, written by hand for the tests of the invariants.

use super::{Evidence, Findings};
use crate::chaos::{
    content::Content,
    record::{Change, Create, How, Made, Outcome, Record, Row, Rule, Seen, Sight, Span, Write},
    survey::{Survey, Version},
};

/// A record and what was there in the end.
#[derive(Default)]
pub(super) struct Sample {
    pub(super) record: Record,
    pub(super) survey: Survey,
    /// The same, seen another way.
    pub(super) later: Option<Survey>,
}

pub(super) const A: &str = "Patient/a";
pub(super) const B: &str = "Patient/b";

pub(super) fn span(start: u64, end: u64) -> Span {
    Span { start, end }
}

/// A PUT that sets everything and names itself.
pub(super) fn put(of: &str, op: &str, span: Span, outcome: Outcome) -> Write {
    Write {
        op: op.to_owned(),
        of: of.to_owned(),
        change: Change::Put(Content::new(op, of)),
        if_match: None,
        only_new: false,
        bundled: false,
        span,
        outcome,
        repeats: Vec::new(),
    }
}

pub(super) fn delete(of: &str, op: &str, span: Span, outcome: Outcome) -> Write {
    Write { change: Change::Delete, ..put(of, op, span, outcome) }
}

pub(super) fn create(op: &str, key: &str, rule: Rule, span: Span, answer: Made) -> Create {
    Create { op: op.to_owned(), key: key.to_owned(), rule, span, answers: vec![answer] }
}

pub(super) fn saw(of: &str, span: Span, version: u64, op: &str) -> Sight {
    let seen = Seen::Version { version, op: op.to_owned() };
    Sight { of: of.to_owned(), span, seen, how: How::Read }
}

pub(super) fn row(of: &str, version: u64, updated_ms: u64) -> Row {
    Row { of: of.to_owned(), version, updated_ms }
}

impl Sample {
    pub(super) fn write(mut self, write: Write) -> Self {
        self.record.writes.push(write);
        self
    }

    pub(super) fn create(mut self, create: Create) -> Self {
        self.record.creates.push(create);
        self
    }

    pub(super) fn sight(mut self, sight: Sight) -> Self {
        self.record.sights.push(sight);
        self
    }

    /// The history of a resource: the write of each version, `-` where it is deleted. Version n is of the time n.
    pub(super) fn history(mut self, of: &str, ops: &[&str]) -> Self {
        let version = |(position, op): (usize, &&str)| Version {
            version: position as u64 + 1,
            content: (*op != "-").then(|| Content::new(op, of)),
            updated_ms: position as u64 + 1,
        };
        let versions: Vec<_> = ops.iter().enumerate().map(version).collect();
        let last = versions.last().filter(|version| version.content.is_some());
        self.survey.reads.insert(of.to_owned(), last.map(|version| version.version));
        self.survey.histories.insert(of.to_owned(), versions);
        self
    }

    pub(super) fn find(&self, check: super::Check) -> Findings {
        let later = [("later".to_owned(), self.later.as_ref().unwrap_or(&self.survey).clone())];
        let mut findings = Findings::default();
        check(&Evidence::new(&self.record, &self.survey, &later), &mut findings);
        findings
    }

    /// The invariant was put to the test and holds.
    pub(super) fn holds(&self, check: super::Check) {
        let findings = self.find(check);
        assert!(findings.checked > 0, "nothing was checked");
        assert_eq!(findings.violations, [""; 0]);
    }

    /// It is violated once, by something that is told with these words.
    pub(super) fn violates(&self, check: super::Check, words: &str) {
        let findings = self.find(check);
        assert_eq!(findings.violations.len(), 1, "{:?}", findings.violations);
        assert!(findings.violations[0].contains(words), "{:?}", findings.violations);
    }
}
