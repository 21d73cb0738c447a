//! One answer to a question.

use super::super::{Rules, items, shown, text};
use super::enabled::{choice, same};
use crate::json::Node;
use crate::terminology::Membership;
use crate::validation::Code;

/// An answer must be of the question's type, and one of its options.
pub(super) fn check(rules: &mut Rules<'_>, answer: Node<'_>, question: Node<'_>) {
    let kind = text(question, "type").unwrap_or_default();
    let allowed = names(&kind);
    let value = answer.members().find(|(key, _)| key.as_str().starts_with("value"));
    let Some((name, value)) = value else { return };
    if matches!(&*kind, "group" | "display") {
        return rules.error(answer, Code::Structure, format!("an item of type {kind} has no answer"));
    }
    if !allowed.is_empty() && !allowed.contains(&&*name.as_str()) {
        let text = format!("the question is of type {kind}: its answer is {}", allowed.join(" or "));
        return rules.error(answer, Code::Value, text);
    }
    too_long(rules, value, question);
    options(rules, value, question, &kind);
}

/// The names an answer to a question of that type may have; none for a type R4 does not know.
fn names(kind: &str) -> &'static [&'static str] {
    match kind {
        "boolean" => &["valueBoolean"],
        "decimal" => &["valueDecimal"],
        "integer" => &["valueInteger"],
        "date" => &["valueDate"],
        "dateTime" => &["valueDateTime"],
        "time" => &["valueTime"],
        "string" | "text" => &["valueString"],
        "url" => &["valueUri"],
        // An answer option may be of several types: see below.
        "choice" => {
            &["valueCoding", "valueInteger", "valueDate", "valueTime", "valueString", "valueReference"]
        }
        "open-choice" => {
            &["valueCoding", "valueString", "valueInteger", "valueDate", "valueTime", "valueReference"]
        }
        "attachment" => &["valueAttachment"],
        "reference" => &["valueReference"],
        "quantity" => &["valueQuantity"],
        _ => &[],
    }
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
