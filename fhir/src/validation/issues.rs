//! What a validation has to say: a bounded list of issues.

use super::issue::{Code, Issue};
use super::location;
use crate::json::{Document, Node};
use crate::outcome::{self, Severity};

/// Issues in the order they were found; at most as many as allowed. Nothing is allocated while there are none.
///
/// What a validation finds it notes by its place in the document. Locations are worked out at the end, in one walk over the
/// document for all that are kept: each by itself would make a long list of faults cost its length squared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issues {
    list: Vec<Issue>,
    /// Of each issue in the list the [`Node::index`] of what it is about, until its location is known.
    places: Vec<Option<u32>>,
    max: usize,
    /// How many of the list are errors.
    errors: usize,
    left_out: usize,
}

impl Issues {
    /// Room for `max` issues, at least one.
    pub fn new(max: usize) -> Self {
        Issues { max: max.max(1), ..Issues::default() }
    }

    /// Adds an issue. When there is no room, an error takes the place of the last issue that is none.
    pub fn push(&mut self, issue: Issue) {
        if self.takes(issue.severity) {
            self.insert(issue, None);
        }
    }

    /// An error about `node`.
    #[cold]
    pub(super) fn error(&mut self, node: Node<'_>, code: Code, text: String) {
        self.add(Severity::Error, node, code, text);
    }

    /// A warning about `node`.
    #[cold]
    pub(super) fn warning(&mut self, node: Node<'_>, code: Code, text: String) {
        self.add(Severity::Warning, node, code, text);
    }

    /// An issue about `node`, whose location [`locate`](Self::locate) works out.
    #[cold]
    pub(super) fn add(&mut self, severity: Severity, node: Node<'_>, code: Code, text: String) {
        if self.takes(severity) {
            self.insert(Issue { severity, code, expression: String::new(), text }, Some(node.index()));
        }
    }

    /// Whether an issue of that severity would be kept; if not, it is counted as left out. To be asked before a text is
    /// made that costs more than a few formatted words.
    pub(super) fn takes(&mut self, severity: Severity) -> bool {
        let room = self.list.len() < self.max || severity >= Severity::Error && !self.is_full();
        self.left_out += usize::from(!room);
        room
    }

    /// Adds what there is room for. Two profiles often find the same fault, which is said once.
    fn insert(&mut self, issue: Issue, place: Option<u32>) {
        let mut all = self.list.iter().zip(&self.places);
        if all.any(|(kept, at)| *at == place && *kept == issue) {
            return;
        }
        if self.list.len() >= self.max
            && let Some(at) = self.list.iter().rposition(|kept| kept.severity < Severity::Error)
        {
            self.list.remove(at);
            self.places.remove(at);
            self.left_out += 1;
        }
        self.errors += usize::from(issue.severity >= Severity::Error);
        self.list.push(issue);
        self.places.push(place);
    }

    /// Gives every issue about a node of `document` its location.
    pub(super) fn locate(&mut self, document: &Document) {
        let found = self.places.iter().enumerate();
        let mut found: Vec<_> = found.filter_map(|(at, place)| Some(((*place)?, at))).collect();
        if found.is_empty() {
            return;
        }
        found.sort_unstable();
        let mut next = found.iter();
        location::each(document, found.iter().map(|(place, _)| *place), |path| {
            if let Some((_, at)) = next.next() {
                path.clone_into(&mut self.list[*at].expression);
            }
        });
        self.places.fill(None);
        self.say_once();
    }

    /// A primitive and its companion are two nodes and one element.
    fn say_once(&mut self) {
        let list = std::mem::take(&mut self.list);
        for issue in list {
            if !self.list.contains(&issue) {
                self.list.push(issue);
            }
        }
        self.places.truncate(self.list.len());
        self.errors = self.list.iter().filter(|issue| issue.severity >= Severity::Error).count();
    }

    /// Whether nothing more can be learned: all there is room for are errors.
    pub fn is_full(&self) -> bool {
        self.errors >= self.max
    }

    /// Which nodes (by [`Node::index`]) have an error of that kind.
    pub(super) fn errors_of(&self, code: Code) -> impl Iterator<Item = u32> {
        let all = self.list.iter().zip(&self.places);
        let of_it = all.filter(move |(issue, _)| issue.severity >= Severity::Error && issue.code == code);
        of_it.filter_map(|(_, place)| *place)
    }

    /// Whether the text of an issue begins so.
    pub(super) fn says(&self, beginning: &str) -> bool {
        self.list.iter().any(|issue| issue.text.starts_with(beginning))
    }

    /// Whether no issue is an error.
    pub fn is_valid(&self) -> bool {
        self.errors == 0
    }

    /// Whether there is nothing to say at all.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The issues in the order they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Issue> {
        self.list.iter()
    }

    /// How many issues at least there was no room for: once all there is room for are errors, a validation ends.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Takes in all of `other`.
    pub fn append(&mut self, other: Issues) {
        self.left_out += other.left_out;
        other.list.into_iter().for_each(|issue| self.push(issue));
    }

    /// An OperationOutcome as JSON.
    pub fn outcome(&self) -> Vec<u8> {
        let issues: Vec<_> = self
            .iter()
            .map(|issue| outcome::Issue {
                severity: issue.severity,
                code: issue.code.code(),
                details: None,
                diagnostics: &issue.text,
                expression: Some(&issue.expression),
            })
            .collect();
        outcome::operation_outcome(&issues)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    fn issue(severity: Severity, text: &str) -> Issue {
        Issue { severity, code: Code::Value, expression: "Patient".into(), text: text.into() }
    }

    #[test]
    fn errors_push_warnings_out_and_nothing_is_said_twice() {
        let mut issues = Issues::new(2);
        for text in ["a", "a", "b", "c"] {
            issues.push(issue(Severity::Warning, text));
        }
        assert!(issues.is_valid() && !issues.is_full());
        issues.push(issue(Severity::Error, "d"));
        issues.push(issue(Severity::Error, "e"));
        issues.push(issue(Severity::Error, "f"));
        assert_eq!(issues.iter().map(|issue| &*issue.text).collect::<Vec<_>>(), ["d", "e"]);
        assert!(!issues.is_valid() && issues.is_full());
        assert_eq!(issues.left_out(), 4);
    }

    #[test]
    fn an_element_is_located_by_value_and_companion_and_named_once() {
        let text =
            r#"{"resourceType":"Patient","name":[{},{"given":["a"]}],"birthDate":"x","_birthDate":{}}"#;
        let document = Document::parse(text, &Limits::default()).expect("JSON");
        let mut issues = Issues::new(10);
        for name in ["_birthDate", "name", "birthDate"] {
            let node = document.root().get(name).expect(name);
            issues.warning(node, Code::Value, "odd".into());
            issues.error(node.items().nth(1).unwrap_or(node), Code::Value, "odd".into());
        }
        issues.locate(&document);
        let told: Vec<_> = issues.iter().map(|issue| (issue.severity.code(), &*issue.expression)).collect();
        let wanted = [
            ("warning", "Patient.birthDate"),
            ("error", "Patient.birthDate"),
            ("warning", "Patient.name"),
            ("error", "Patient.name[1]"),
        ];
        assert_eq!(told, wanted);
    }
}
