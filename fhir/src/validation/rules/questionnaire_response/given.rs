//! The items of a response in the order of the document, and which of them answers a question for whom.

use super::super::{items, text};
use super::questions::Questions;
use crate::json::Node;
use std::collections::BTreeMap;

/// Answers to one question that a condition looks at.
const ANSWERS_MAX: usize = 64;

/// The items of a response. The place of an item is its number in the order of the document.
pub(super) struct Given<'r> {
    list: Vec<Item<'r>>,
    /// The places of the items of each question, rising.
    by_question: BTreeMap<usize, Vec<usize>>,
    /// By [`Node::index`].
    by_node: BTreeMap<u32, usize>,
}

struct Item<'r> {
    node: Node<'r>,
    question: Option<usize>,
    /// The place of the item it is in.
    parent: Option<usize>,
    /// The place after the last item within this one.
    end: usize,
    /// Whether it, or an item within it, has an answer.
    is_answered: bool,
}

/// Where a condition is asked: in an item, before what has that place.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub parent: Option<usize>,
    pub before: usize,
}

impl<'r> Given<'r> {
    pub fn of(response: Node<'r>, questions: &Questions<'_>) -> Self {
        let mut given = Given { list: Vec::new(), by_question: BTreeMap::new(), by_node: BTreeMap::new() };
        given.add(response, None, questions);
        given
    }

    /// Adds what is below `above`, an item or an answer, and tells whether there is an answer; the document's own limit bounds the depth.
    fn add(&mut self, above: Node<'r>, parent: Option<usize>, questions: &Questions<'_>) -> bool {
        let mut any = false;
        for node in items(above, "item") {
            let place = self.list.len();
            let question = text(node, "linkId").and_then(|link| questions.find(&link));
            if let Some(question) = question {
                self.by_question.entry(question).or_default().push(place);
            }
            self.by_node.insert(node.index(), place);
            self.list.push(Item { node, question, parent, end: place, is_answered: false });
            let mut is_answered = false;
            for answer in items(node, "answer") {
                is_answered |= has_value(answer);
                is_answered |= self.add(answer, Some(place), questions);
            }
            is_answered |= self.add(node, Some(place), questions);
            any |= is_answered;
            self.list[place].is_answered = is_answered;
            self.list[place].end = self.list.len();
        }
        any
    }

    pub fn place_of(&self, item: Node<'_>) -> Option<usize> {
        self.by_node.get(&item.index()).copied()
    }

    /// Where a condition of the item at `place` is asked.
    pub fn at(&self, place: usize) -> Place {
        Place { parent: self.list[place].parent, before: place }
    }

    /// Where a condition of an item is asked that is not there, but should be in the item at that place.
    pub fn missing_in(&self, parent: Option<usize>) -> Place {
        Place { parent, before: parent.map_or(self.list.len(), |parent| self.list[parent].end) }
    }

    /// Whether the item at `place`, or one in it, has an answer.
    pub fn is_answered(&self, place: usize) -> bool {
        self.list[place].is_answered
    }

    /// The answers to a question as they are seen from a place: those of the nearest item that answers it, of what is around the place
    /// first, then of what comes before it, then of what comes after it
    /// (<https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen.question>). Where the question is in a
    /// group that repeats and the place, too, only the answers in this repetition count.
    pub fn answers_to(&self, question: usize, from: Place, questions: &Questions<'_>) -> Vec<Node<'r>> {
        let Some(place) = self.nearest(question, from, questions) else { return Vec::new() };
        items(self.list[place].node, "answer").filter(|answer| has_value(*answer)).take(ANSWERS_MAX).collect()
    }

    fn nearest(&self, question: usize, from: Place, questions: &Questions<'_>) -> Option<usize> {
        let mut scope = 0..self.list.len();
        let mut up = from.parent;
        while let Some(place) = up {
            let around = &self.list[place];
            if around.question == Some(question) {
                return Some(place);
            }
            if around.question.is_some_and(|outer| questions.is_within(question, outer)) {
                scope = place..around.end;
                break;
            }
            up = around.parent;
        }
        let all = self.by_question.get(&question)?;
        let position = |place: usize| all.partition_point(|one| *one < place);
        let all = &all[position(scope.start)..position(scope.end)];
        let at = all.partition_point(|one| *one < from.before);
        all[..at].last().or_else(|| all.get(at)).copied()
    }
}

/// Whether there is a value, or an extension in place of one.
pub(super) fn has_value(answer: Node<'_>) -> bool {
    answer.members().any(|(key, _)| {
        let key = key.as_str();
        key.starts_with("value") || key.starts_with("_value")
    })
}
