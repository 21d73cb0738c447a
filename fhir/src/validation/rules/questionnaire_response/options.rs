//! The answers a question allows: <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.answerOption>.

use super::super::{Rules, items, shown, text};
use super::enabled::{choice, same};
use super::questions::Question;
use super::value_sets::ValueSets;
use crate::json::{Kind, Node};
use crate::terminology::Membership;
use crate::validation::Code;

/// Options a message names.
const SHOWN: usize = 5;

/// The answer must be one of the options or of the value set; to an open choice any other text or coding is one, too.
pub(super) fn check(
    rules: &mut Rules<'_>,
    value_sets: &ValueSets<'_>,
    value: Node<'_>,
    question: &Question<'_>,
) {
    // The options of a quantity are its units.
    if matches!(&*question.kind, "open-choice" | "quantity") {
        return;
    }
    if question.node.get("answerOption").is_some() {
        listed(rules, value, question.node);
    } else if let Some(canonical) = text(question.node, "answerValueSet") {
        coded(rules, value_sets, value, &canonical);
    }
}

fn listed(rules: &mut Rules<'_>, value: Node<'_>, question: Node<'_>) {
    let fits = |option: Node<'_>| choice(option, "value").is_none_or(|one| same(value, one) != Some(false));
    if items(question, "answerOption").any(fits) {
        return;
    }
    let count = items(question, "answerOption").count();
    let names = items(question, "answerOption").filter_map(|one| Some(name(choice(one, "value")?)));
    let mut names: Vec<_> = names.take(SHOWN).map(|name| format!("'{name}'")).collect();
    if count > SHOWN {
        names.push(format!("{} more", count - SHOWN));
    }
    let text = format!("the answer is none of the question's options: {}", names.join(", "));
    rules.error(value, Code::CodeInvalid, text);
}

/// An option for a message.
fn name(value: Node<'_>) -> String {
    let text = text(value, "code").or_else(|| text(value, "reference")).or_else(|| value.as_str());
    match text {
        Some(text) => shown(&text),
        None => shown(&String::from_utf8_lossy(value.raw())),
    }
}

fn coded(rules: &mut Rules<'_>, value_sets: &ValueSets<'_>, value: Node<'_>, canonical: &str) {
    if value.kind() != Kind::Object || value.get("reference").is_some() {
        let text =
            format!("the answer is a code of the value set '{}': write it as valueCoding", shown(canonical));
        return rules.error(value, Code::CodeInvalid, text);
    }
    let Some(code) = text(value, "code") else {
        let text = format!("the answer has no code; give one of the value set '{}'", shown(canonical));
        return rules.error(value, Code::CodeInvalid, text);
    };
    let Some(set) = value_sets.find(rules, canonical) else {
        let text = format!(
            "the value set '{}' of the question is not known here, so the answer was not checked against it",
            shown(canonical)
        );
        return rules.issues.warning(value, Code::NotFound, text);
    };
    let (system, version) = (text(value, "system"), text(value, "version"));
    if matches!(set.contains(system.as_deref(), version.as_deref(), &code), Membership::NotIn) {
        let text = format!("the answer '{}' is not in the value set '{}'", shown(&code), shown(canonical));
        rules.error(value, Code::CodeInvalid, text);
    }
}
