//! One answer to a question.

use super::super::{Rules, item_type};
use super::questions::Question;
use super::value_sets::ValueSets;
use super::{limits, options};
use crate::json::Node;
use crate::validation::Code;

/// An answer must be of the question's type, within its limits, and one of its options.
pub(super) fn check(
    rules: &mut Rules<'_>,
    value_sets: &ValueSets<'_>,
    answer: Node<'_>,
    question: &Question<'_>,
) {
    let value = answer.members().find(|(key, _)| key.as_str().starts_with("value"));
    let Some((name, value)) = value else { return };
    let name = name.as_str();
    let (kind, given) = (&*question.kind, item_type::of_member(&name, "value"));
    let allowed = item_type::values(kind);
    if !allowed.is_empty() && !given.is_some_and(|given| allowed.contains(&given)) {
        let text =
            format!("the question is of type {kind}: its answer is value{}", allowed.join(" or value"));
        return rules.error(answer, Code::Value, text);
    }
    limits::check(rules, value, question.node);
    options::check(rules, value_sets, value, question);
}
