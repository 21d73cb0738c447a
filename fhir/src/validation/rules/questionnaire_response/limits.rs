//! What extensions of a question ask of its answers: <https://hl7.org/fhir/R4/questionnaire-profiles.html>.

use super::super::{Rules, items, shown, text};
use super::enabled::choice;
use crate::json::Node;
use crate::validation::lexical::Lexical;
use crate::validation::literal_reference::named_type;
use crate::validation::{Code, order};
use std::cmp::Ordering;

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// What compiling a regular expression costs, in steps of FHIRPath.
const REGEX: u64 = 2_000;

/// Checks `maxLength` and what extensions say of a single answer.
pub(super) fn check(rules: &mut Rules<'_>, value: Node<'_>, question: Node<'_>) {
    let max = question.get("maxLength").and_then(Node::number_text).and_then(|text| text.parse().ok());
    if let (Some(max), Some(given)) = (max, value.as_str())
        && given.chars().count() > max
    {
        let text = format!("{} characters; the question allows {max}", given.chars().count());
        rules.error(value, Code::TooLong, text);
    }
    for extension in items(question, "extension") {
        if let (Some(url), Some(limit)) = (text(extension, "url"), choice(extension, "value"))
            && let Some(name) = url.strip_prefix(BASE)
        {
            limited(rules, value, name, limit);
        }
    }
    one_of(rules, value, question);
}

/// One extension that says something by itself.
fn limited(rules: &mut Rules<'_>, value: Node<'_>, name: &str, limit: Node<'_>) {
    let text = match name {
        "minValue" if order::compare(value, limit) == Some(Ordering::Less) => {
            format!("the question asks for at least {}", raw(limit))
        }
        "maxValue" if order::compare(value, limit) == Some(Ordering::Greater) => {
            format!("the question asks for at most {}", raw(limit))
        }
        "minLength" => match (value.as_str().map(|text| text.chars().count()), number(limit)) {
            (Some(given), Some(least)) if given < least => {
                format!("{given} characters; the question asks for at least {least}")
            }
            _ => return,
        },
        "maxDecimalPlaces" => match (value.number_text().map(places), number(limit)) {
            (Some(given), Some(most)) if given > most => {
                format!("{given} decimal places; the question allows {most}")
            }
            _ => return,
        },
        "maxSize" => match (value.get("size").and_then(number), limit.number_text()) {
            (Some(bytes), Some(most)) if megabytes(most).is_some_and(|most| bytes > most) => {
                format!("{bytes} bytes; the question allows {most} MB")
            }
            _ => return,
        },
        "regex" => return written(rules, value, limit),
        _ => return,
    };
    rules.error(value, Code::Value, text);
}

fn written(rules: &mut Rules<'_>, value: Node<'_>, pattern: Node<'_>) {
    let (Some(given), Some(pattern)) = (value.as_str(), pattern.as_str()) else { return };
    rules.steps.pay(REGEX);
    let lexical = Lexical::new(&pattern);
    if lexical.fits(&given) == Some(false) {
        let text = format!("the question asks for what is written as {}", lexical.shown());
        rules.error(value, Code::Value, text);
    }
}

/// Extensions that are lists together: media types, types of targets, units.
fn one_of(rules: &mut Rules<'_>, value: Node<'_>, question: Node<'_>) {
    let all = |name: &str| {
        let url = format!("{BASE}{name}");
        let of_it = move |one: &Node<'_>| text(*one, "url").is_some_and(|own| *own == *url);
        items(question, "extension").filter(of_it).filter_map(|one| choice(one, "value")).collect::<Vec<_>>()
    };
    let words = |all: &[Node<'_>]| {
        all.iter()
            .filter_map(|one| text(*one, "code").or_else(|| one.as_str()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let is = |one: &Node<'_>, wanted: &str| one.as_str().is_some_and(|text| text == wanted);
    let types = all("mimeType");
    if let Some(given) = text(value, "contentType")
        && !types.is_empty()
        && !types.iter().any(|one| is(one, &given))
    {
        let text = format!("the attachment is '{}'; the question allows {}", shown(&given), words(&types));
        rules.error(value, Code::Value, text);
    }
    let targets = all("questionnaire-referenceResource");
    if let Some(given) = text(value, "reference").and_then(|reference| named_type(&reference))
        && !targets.is_empty()
        && !targets.iter().any(|one| is(one, given.name()))
    {
        let text = format!("a reference to {given}; the question allows {}", words(&targets));
        rules.error(value, Code::Value, text);
    }
    let units = all("questionnaire-unitOption");
    let unit = |option: &Node<'_>| {
        text(*option, "code") == text(value, "code") && text(*option, "system") == text(value, "system")
    };
    if value.get("value").is_some() && !units.is_empty() && !units.iter().any(unit) {
        let text = format!("the unit is none of the question's: {}", words(&units));
        rules.error(value, Code::CodeInvalid, text);
    }
}

/// How often a question asks to be answered, or a group to be there, at least: `questionnaire-minOccurs`.
pub(super) fn occurrences_min(question: Node<'_>) -> usize {
    extension(question, "questionnaire-minOccurs").and_then(number).unwrap_or_default()
}

/// Checks `questionnaire-maxOccurs` of a question that has so many answers.
pub(super) fn occurrences_max(rules: &mut Rules<'_>, item: Node<'_>, question: Node<'_>, count: usize) {
    let Some(most) = extension(question, "questionnaire-maxOccurs").and_then(number) else { return };
    if count > most {
        let text = format!("{count} answers; the questionnaire allows {most}");
        rules.error(item, Code::Structure, text);
    }
}

fn extension<'q>(question: Node<'q>, name: &str) -> Option<Node<'q>> {
    let is_it = |one: &Node<'_>| text(*one, "url").is_some_and(|url| url.strip_prefix(BASE) == Some(name));
    items(question, "extension").find(is_it).and_then(|one| choice(one, "value"))
}

fn number(node: Node<'_>) -> Option<usize> {
    node.number_text()?.parse().ok()
}

/// Digits after the point.
fn places(number: &str) -> usize {
    let digits = number.split(['e', 'E']).next().unwrap_or_default();
    digits.split_once('.').map_or(0, |(_, places)| places.len())
}

fn megabytes(text: &str) -> Option<usize> {
    let size = text.parse::<rust_decimal::Decimal>().ok()?.checked_mul((1 << 20).into())?;
    size.trunc().try_into().ok()
}

fn raw(value: Node<'_>) -> String {
    shown(&String::from_utf8_lossy(value.raw()))
}
