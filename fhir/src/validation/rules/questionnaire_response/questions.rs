//! The items of a questionnaire in the order of the document, and by link id.

use super::super::{items, text};
use crate::json::Node;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The items of a questionnaire. The number of an item is its place in the order of the document.
pub(super) struct Questions<'q> {
    list: Vec<Question<'q>>,
    /// Link ids are unique within a questionnaire (que-2); of several the first counts.
    by_link: BTreeMap<Cow<'q, str>, usize>,
}

/// One item of a questionnaire.
pub(super) struct Question<'q> {
    pub node: Node<'q>,
    pub link: Cow<'q, str>,
    /// Of item.type: a group, a display, or a kind of question.
    pub kind: Cow<'q, str>,
    pub repeats: bool,
    pub required: bool,
    /// The number of the item it is below.
    pub parent: Option<usize>,
    /// The number after the last item within this one.
    end: usize,
}

impl<'q> Questions<'q> {
    pub fn of(questionnaire: Node<'q>) -> Self {
        let mut questions = Questions { list: Vec::new(), by_link: BTreeMap::new() };
        questions.add(questionnaire, None);
        questions
    }

    /// Adds what is below `above`; the document's own limit bounds the depth.
    fn add(&mut self, above: Node<'q>, parent: Option<usize>) {
        for node in items(above, "item") {
            let number = self.list.len();
            let flag = |name| node.get(name).and_then(Node::as_bool) == Some(true);
            let (repeats, required) = (flag("repeats"), flag("required"));
            let link = text(node, "linkId").unwrap_or_default();
            self.by_link.entry(link.clone()).or_insert(number);
            let kind = text(node, "type").unwrap_or_default();
            self.list.push(Question { node, link, kind, repeats, required, parent, end: number });
            self.add(node, Some(number));
            self.list[number].end = self.list.len();
        }
    }

    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// The number of the item with that link id.
    pub fn find(&self, link: &str) -> Option<usize> {
        self.by_link.get(link).copied()
    }

    pub fn get(&self, number: usize) -> &Question<'q> {
        &self.list[number]
    }

    /// The numbers of the items directly below one, or of those at the top.
    pub fn below(&self, parent: Option<usize>) -> impl Iterator<Item = usize> {
        let (first, end) = match parent {
            Some(parent) => (parent + 1, self.list[parent].end),
            None => (0, self.list.len()),
        };
        let within = move |number: &usize| *number < end;
        std::iter::successors(Some(first).filter(within), move |number| {
            Some(self.list[*number].end).filter(within)
        })
    }

    /// Whether an item is within another one.
    pub fn is_within(&self, number: usize, outer: usize) -> bool {
        (outer + 1..self.list[outer].end).contains(&number)
    }
}
