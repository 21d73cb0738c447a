//! The items of a questionnaire and of a response, by link id.

use super::super::{items, text};
use crate::json::Node;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The items of a questionnaire by link id, which is unique within it (que-2).
pub(super) struct Questions<'q> {
    by_link: BTreeMap<Cow<'q, str>, Question<'q>>,
}

struct Question<'q> {
    item: Node<'q>,
    /// The link id of the item it is below.
    parent: Option<Cow<'q, str>>,
}

impl<'q> Questions<'q> {
    pub fn of(questionnaire: Node<'q>) -> Self {
        let mut by_link = BTreeMap::new();
        let mut open = vec![questionnaire];
        while let Some(asked) = open.pop() {
            for item in items(asked, "item") {
                if let Some(link) = text(item, "linkId") {
                    by_link.entry(link).or_insert(Question { item, parent: text(asked, "linkId") });
                }
                open.push(item);
            }
        }
        Questions { by_link }
    }

    /// The item of that link id, if it stands below that one.
    pub fn find(&self, link: &str, parent: Option<&str>) -> Option<Node<'q>> {
        let question = self.by_link.get(link)?;
        (question.parent.as_deref() == parent).then_some(question.item)
    }
}

/// The answers of a response by link id, wherever they stand.
pub(super) struct Answers<'r> {
    by_link: BTreeMap<Cow<'r, str>, Vec<Node<'r>>>,
}

/// Answers to one question that a condition looks at.
const ANSWERS_MAX: usize = 64;

impl<'r> Answers<'r> {
    pub fn of(response: Node<'r>) -> Self {
        let mut by_link: BTreeMap<Cow<'r, str>, Vec<Node<'r>>> = BTreeMap::new();
        let mut open = vec![response];
        while let Some(given) = open.pop() {
            for item in items(given, "item") {
                let answers: Vec<_> = items(item, "answer").collect();
                open.extend(answers.iter().copied());
                open.push(item);
                if let Some(link) = text(item, "linkId") {
                    let kept = by_link.entry(link).or_default();
                    let room = ANSWERS_MAX - kept.len();
                    kept.extend(answers.into_iter().take(room));
                }
            }
        }
        Answers { by_link }
    }

    /// The answers to a question; none if there are none.
    pub fn to(&self, link: &str) -> &[Node<'r>] {
        self.by_link.get(link).map_or(&[], Vec::as_slice)
    }
}
