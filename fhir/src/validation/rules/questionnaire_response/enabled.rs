//! Whether an item is enabled (<https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen>).

use super::super::{items, text};
use crate::json::Node;
use crate::validation::order;
use std::cmp::Ordering;

/// Whether the conditions of `question` hold, where `answers_to` gives the answers to the question of a link id; `None` where that
/// cannot be said here: an extension decides, or values that have no order.
pub(super) fn of<'r>(question: Node<'_>, answers_to: impl Fn(&str) -> Vec<Node<'r>>) -> Option<bool> {
    if question.get("extension").is_some() && items(question, "extension").any(decides) {
        return None;
    }
    let states: Vec<_> =
        items(question, "enableWhen").map(|condition| holds(condition, &answers_to)).collect();
    if states.is_empty() {
        return Some(true);
    }
    let any = text(question, "enableBehavior").as_deref() == Some("any");
    match any {
        true if states.contains(&Some(true)) => Some(true),
        false if states.contains(&Some(false)) => Some(false),
        _ if states.contains(&None) => None,
        // None of any, or all of all.
        true => Some(false),
        false => Some(true),
    }
}

/// Of an item in an enabled, a disabled item.
pub(super) fn both(above: Option<bool>, own: Option<bool>) -> Option<bool> {
    match (above, own) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Extensions that compute whether an item is enabled.
fn decides(extension: Node<'_>) -> bool {
    text(extension, "url").is_some_and(|url| url.to_ascii_lowercase().contains("enablewhen"))
}

fn holds<'r>(condition: Node<'_>, answers_to: &impl Fn(&str) -> Vec<Node<'r>>) -> Option<bool> {
    let given = answers_to(&text(condition, "question")?);
    let operator = text(condition, "operator")?;
    let expected = choice(condition, "answer")?;
    if operator == "exists" {
        return Some(expected.as_bool()? != given.is_empty());
    }
    if given.is_empty() {
        // "!=" holds for what is not answered as well.
        return Some(operator == "!=");
    }
    let one = |answer: &Node<'_>| compare(choice(*answer, "value")?, expected, &operator);
    let states: Vec<_> = given.iter().map(one).collect();
    match operator.as_ref() {
        // No answer may be equal.
        "!=" if states.contains(&Some(false)) => Some(false),
        "!=" if states.contains(&None) => None,
        "!=" => Some(true),
        _ if states.contains(&Some(true)) => Some(true),
        _ if states.contains(&None) => None,
        _ => Some(false),
    }
}

/// The value of a choice such as `answer[x]`.
pub(super) fn choice<'d>(node: Node<'d>, stem: &str) -> Option<Node<'d>> {
    let is_it = |name: &str| {
        name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
    };
    node.members().find(|(key, _)| is_it(&key.as_str())).map(|(_, value)| value)
}

fn compare(given: Node<'_>, expected: Node<'_>, operator: &str) -> Option<bool> {
    if matches!(operator, "=" | "!=") {
        return Some(same(given, expected)? == (operator == "="));
    }
    let order = order::compare(given, expected)?;
    match operator {
        ">" => Some(order.is_gt()),
        "<" => Some(order.is_lt()),
        ">=" => Some(order.is_ge()),
        "<=" => Some(order.is_le()),
        _ => None,
    }
}

/// Whether two answers are the same: codings by system and code, quantities by value and unit, others by value.
pub(super) fn same(given: Node<'_>, expected: Node<'_>) -> Option<bool> {
    if let (Some(a), Some(b)) = (given.get("code"), expected.get("code"))
        && given.get("value").is_none()
        && expected.get("value").is_none()
    {
        return Some(text(given, "system") == text(expected, "system") && a.as_str() == b.as_str());
    }
    if let (Some(a), Some(b)) = (given.as_bool(), expected.as_bool()) {
        return Some(a == b);
    }
    if let (Some(a), Some(b)) = (text(given, "reference"), text(expected, "reference")) {
        return Some(a == b);
    }
    match (given.as_str(), expected.as_str()) {
        (Some(a), Some(b)) => Some(a == b),
        // Text is none of the codings.
        (Some(_), None) | (None, Some(_)) => Some(false),
        _ => order::compare(given, expected).map(Ordering::is_eq),
    }
}
