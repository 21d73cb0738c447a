//! Whether a question is enabled (<https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen>).

use super::super::{items, text};
use super::questions::Answers;
use crate::json::Node;
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// Whether the conditions of `question` hold; `None` where that cannot be said here: an extension decides, or values that
/// have no order.
pub(super) fn of(question: Node<'_>, answers: &Answers<'_>) -> Option<bool> {
    if question.get("extension").is_some() && items(question, "extension").any(decides) {
        return None;
    }
    let mut conditions = items(question, "enableWhen").map(|condition| holds(condition, answers)).peekable();
    if conditions.peek().is_none() {
        return Some(true);
    }
    let states: Vec<_> = conditions.collect();
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

/// Extensions that compute whether an item is enabled.
fn decides(extension: Node<'_>) -> bool {
    text(extension, "url").is_some_and(|url| url.to_ascii_lowercase().contains("enablewhen"))
}

fn holds(condition: Node<'_>, answers: &Answers<'_>) -> Option<bool> {
    let given = answers.to(&text(condition, "question")?);
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
    let order = order(given, expected)?;
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
    if let (Some(a), Some(b)) = (given.get("code"), expected.get("code")) {
        let systems = text(given, "system") == text(expected, "system");
        let coding = given.get("value").is_none() && expected.get("value").is_none();
        if coding {
            return Some(systems && a.as_str() == b.as_str());
        }
        return Some(order(given, expected)?.is_eq());
    }
    if let (Some(a), Some(b)) = (given.as_bool(), expected.as_bool()) {
        return Some(a == b);
    }
    if let (Some(a), Some(b)) = (text(given, "reference"), text(expected, "reference")) {
        return Some(a == b);
    }
    match (given.as_str(), expected.as_str()) {
        (Some(a), Some(b)) => Some(a == b),
        _ => order(given, expected).map(Ordering::is_eq),
    }
}

fn order(given: Node<'_>, expected: Node<'_>) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (number(given), number(expected)) {
        return Some(a.cmp(&b));
    }
    if let (Some(a), Some(b)) = (given.get("value"), expected.get("value")) {
        let unit =
            |node: Node<'_>| (text(node, "system").map(String::from), text(node, "code").map(String::from));
        // Units are compared as written; what would have to be converted has no order here.
        return (unit(given) == unit(expected)).then(|| Some(number(a)?.cmp(&number(b)?))).flatten();
    }
    let (a, b) = (given.as_str()?, expected.as_str()?);
    // Dates and times of the same precision without or in the same zone order as text.
    let is_moment = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let comparable = a.len() == b.len() && a.len() <= 19 && is_moment(&a) && is_moment(&b);
    comparable.then(|| a.cmp(&b))
}

fn number(node: Node<'_>) -> Option<Decimal> {
    node.number_text()?.parse().ok()
}
