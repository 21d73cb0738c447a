//! One ElementDefinition (<https://hl7.org/fhir/R4/elementdefinition.html>) as rules.

use super::value::{choice, extension, list, text, texts};
use super::{Aggregation, Binding, Element, Invariant, Strength, TypeRule, corrected};
use crate::fhirpath::{Expression, Options};
use crate::json::Node;
use crate::outcome::Severity;
use crate::validation::invariant;
use crate::validation::lexical::Lexical;
use std::sync::OnceLock;

const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const PROFILE_ELEMENT: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-profile-element";
const REGEX: &str = "http://hl7.org/fhir/StructureDefinition/regex";
const MUST_HAVE_VALUE: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.mustHaveValue";
const VALUE_ALTERNATIVES: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.valueAlternatives";
const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";

/// Whether an invariant is checked elsewhere: by key and expression.
pub(super) type Known<'k> = &'k dyn Fn(&str, &str) -> bool;

/// The rules that stand in the ElementDefinition itself.
pub(super) fn element(node: Node<'_>, known: Known<'_>) -> Element {
    let fixed = choice(node, "fixed").map(|value| (value.index(), true));
    let pattern = || choice(node, "pattern").map(|value| (value.index(), false));
    Element {
        path: path(node),
        min: number(node, "min").unwrap_or(0),
        max: text(node, "max").and_then(|max| max.parse().ok()).unwrap_or(u32::MAX),
        types: list(node, "type").map(type_rule).collect(),
        value: fixed.or_else(pattern),
        length_max: number(node, "maxLength").map(|length| length as usize),
        lexical: lexical(node),
        low: choice(node, "minValue").map(Node::index),
        high: choice(node, "maxValue").map(Node::index),
        binding: node.get("binding").and_then(binding),
        invariants: invariants(node, known),
        ..Element::default()
    }
}

/// The path with the name of the slice.
fn path(node: Node<'_>) -> Box<str> {
    let path = text(node, "path").unwrap_or_default();
    match text(node, "sliceName") {
        Some(slice) => format!("{path}:{slice}").into(),
        None => path,
    }
}

fn number(node: Node<'_>, name: &str) -> Option<u32> {
    node.get(name)?.number_text()?.parse().ok()
}

fn type_rule(node: Node<'_>) -> TypeRule {
    let code = match extension(node, FHIR_TYPE).and_then(Node::as_str) {
        Some(code) => Some(code.into()),
        None => text(node, "code"),
    };
    TypeRule {
        code: code.unwrap_or_default(),
        profiles: profiles(node),
        targets: texts(node, "targetProfile"),
        aggregation: texts(node, "aggregation").iter().filter_map(|code| aggregation(code)).collect(),
    }
}

/// The profiles of a type; one that holds for an element of a StructureDefinition only, with the element's id as fragment.
fn profiles(node: Node<'_>) -> Box<[Box<str>]> {
    let mut companions = list(node, "_profile");
    let one = |url: Node<'_>| {
        let element = companions.next().and_then(|companion| extension(companion, PROFILE_ELEMENT));
        let url = url.as_str()?;
        match element.and_then(Node::as_str) {
            Some(element) => Some(format!("{url}#{element}").into()),
            None => Some(url.into()),
        }
    };
    list(node, "profile").filter_map(one).collect()
}

/// The regular expression of a primitive's value: it stands at the type, in some guides at the element.
fn lexical(node: Node<'_>) -> Option<Lexical> {
    let mut all = list(node, "type").chain([node]).filter_map(|one| extension(one, REGEX));
    Some(Lexical::new(&all.next()?.as_str()?))
}

fn aggregation(code: &str) -> Option<Aggregation> {
    match code {
        "contained" => Some(Aggregation::Contained),
        "referenced" => Some(Aggregation::Referenced),
        "bundled" => Some(Aggregation::Bundled),
        _ => None,
    }
}

fn binding(node: Node<'_>) -> Option<Binding> {
    let strength = match &*text(node, "strength")? {
        "required" => Strength::Required,
        "extensible" => Strength::Extensible,
        "preferred" => Strength::Preferred,
        _ => Strength::Example,
    };
    let max = extension(node, MAX_VALUE_SET).and_then(Node::as_str).map(Into::into);
    let value_set = text(node, "valueSet").unwrap_or_default();
    if value_set.is_empty() && max.is_none() {
        return None;
    }
    Some(Binding { strength, value_set, max, inherited: false, compiled: [OnceLock::new(), OnceLock::new()] })
}

fn invariants(node: Node<'_>, known: Known<'_>) -> Box<[Invariant]> {
    let stated = list(node, "constraint").filter_map(|constraint| invariant(constraint, known));
    stated.chain(value_or_alternative(node)).collect()
}

/// What R5 says of a primitive's value and R4 writes as extensions: it must be there, or one of some extensions.
/// <https://hl7.org/fhir/R5/elementdefinition-definitions.html#ElementDefinition.mustHaveValue>
fn value_or_alternative(node: Node<'_>) -> Option<Invariant> {
    let must = extension(node, MUST_HAVE_VALUE).and_then(Node::as_bool) == Some(true);
    let alternatives: Vec<_> = list(node, "extension")
        .filter(|one| text(*one, "url").as_deref() == Some(VALUE_ALTERNATIVES))
        .filter_map(|one| choice(one, "value").and_then(Node::as_str))
        .filter(|url| !url.contains(['\'', '\\']))
        .map(|url| format!("'{url}'"))
        .collect();
    let (human, expression): (_, Box<str>) = match (must, alternatives.is_empty()) {
        (true, _) => ("a value must be there", "hasValue()".into()),
        (false, true) => return None,
        (false, false) => {
            let urls = alternatives.join(" | ");
            let expression = format!("hasValue() or extension.where(url in ({urls})).exists()");
            ("a value must be there, or an extension that stands for one", expression.into())
        }
    };
    Some(Invariant {
        key: "mustHaveValue".into(),
        severity: Severity::Error,
        human: human.into(),
        expression: compile(&expression),
        text: expression,
    })
}

fn invariant(node: Node<'_>, known: Known<'_>) -> Option<Invariant> {
    let (key, expression) = (text(node, "key")?, text(node, "expression")?);
    if invariant::is_native(&key, &expression) || known(&key, &expression) {
        return None;
    }
    let severity = match text(node, "severity").as_deref() {
        Some("warning") => Severity::Warning,
        _ => Severity::Error,
    };
    Some(Invariant {
        severity,
        human: text(node, "human").unwrap_or_default(),
        expression: compile(corrected::expression(&key, &expression)),
        text: expression,
        key,
    })
}

fn compile(expression: &str) -> Result<Expression, String> {
    Expression::compile_with(expression, Options::R4).map_err(|error| error.to_string())
}

/// What an extension asks of the element it stands on.
pub(super) fn context_invariant(expression: Box<str>) -> Invariant {
    Invariant {
        key: "contextInvariant".into(),
        severity: Severity::Error,
        human: format!("the extension may stand only where {expression}").into(),
        expression: compile(&expression),
        text: expression,
    }
}
