//! One answer to a question.

use super::super::{Rules, item_type, items, shown, text};
use super::enabled::{choice, same};
use crate::json::Node;
use crate::terminology::Membership;
use crate::validation::Code;

/// An answer must be of the question's type, and one of its options.
pub(super) fn check(rules: &mut Rules<'_>, answer: Node<'_>, question: Node<'_>) {
    let kind = text(question, "type").unwrap_or_default();
    let allowed = item_type::values(&kind);
    let value = answer.members().find(|(key, _)| key.as_str().starts_with("value"));
    let Some((name, value)) = value else { return };
    if item_type::is_unanswered(&kind) {
        return rules.error(answer, Code::Structure, format!("an item of type {kind} has no answer"));
    }
    let name = name.as_str();
    let given = item_type::of_member(&name, "value");
    if !allowed.is_empty() && !given.is_some_and(|given| allowed.contains(&given)) {
        let text =
            format!("the question is of type {kind}: its answer is value{}", allowed.join(" or value"));
        return rules.error(answer, Code::Value, text);
    }
    too_long(rules, value, question);
    options(rules, value, question, &kind);
}

fn too_long(rules: &mut Rules<'_>, value: Node<'_>, question: Node<'_>) {
    let max =
        question.get("maxLength").and_then(Node::number_text).and_then(|text| text.parse::<usize>().ok());
    let (Some(max), Some(given)) = (max, value.as_str()) else { return };
    let length = given.chars().count();
    if length > max {
        rules.error(value, Code::TooLong, format!("{length} characters; the question allows {max}"));
    }
}

fn options(rules: &mut Rules<'_>, value: Node<'_>, question: Node<'_>, kind: &str) {
    // Text instead of an option is what open choices are for.
    if kind == "open-choice" && value.as_str().is_some() {
        return;
    }
    let mut options = items(question, "answerOption").peekable();
    if options.peek().is_some() {
        let fits =
            |option: Node<'_>| choice(option, "value").is_none_or(|one| same(value, one) != Some(false));
        if !options.any(fits) && kind != "open-choice" {
            rules.error(value, Code::CodeInvalid, "the answer is none of the question's options".into());
        }
        return;
    }
    let (Some(value_set), Some(code)) = (text(question, "answerValueSet"), text(value, "code")) else {
        return;
    };
    let Ok(set) = rules.terminology.value_set(&value_set) else { return };
    let system = text(value, "system");
    if kind == "choice" && matches!(set.contains(system.as_deref(), None, &code), Membership::NotIn) {
        let text = format!("the answer '{}' is not in the value set '{}'", shown(&code), shown(&value_set));
        rules.error(value, Code::CodeInvalid, text);
    }
}
