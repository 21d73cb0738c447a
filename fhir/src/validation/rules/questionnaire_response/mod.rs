//! QuestionnaireResponse against its Questionnaire: <https://hl7.org/fhir/R4/questionnaireresponse.html#notes>.
//!
//! Where the questionnaire is not known here, only that is said; and nothing about what only an extension decides.

mod answer;
mod enabled;
mod form;
mod given;
mod limits;
mod options;
mod questions;
mod value_sets;

use super::{Rules, items, shown, text};
use crate::conformance::Canonical;
use crate::definitions::ResourceType;
use crate::json::{Document, Limits, Node};
use crate::validation::Code;
use form::Form;
use std::sync::Arc;
use value_sets::ValueSets;

const QUESTIONNAIRE: ResourceType = ResourceType::from_name("Questionnaire").expect("a resource type");

/// Checks that the items are the questionnaire's, in its order and where they belong, answered with the right values, enabled, and
/// that none that is required is missing once the response is complete.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>, container: Node<'_>) {
    let Some(at) = resource.get("questionnaire") else { return };
    let Some(canonical) = at.as_str() else { return };
    if let Some(id) = canonical.strip_prefix('#') {
        return match contained(container, id) {
            Some(questionnaire) => {
                // What it names by `#id` is beside it.
                let outer = || Document::parse(source_of(container), &Limits::default()).ok().map(Arc::new);
                Form::new(resource, questionnaire, ValueSets::new(&outer)).check(rules, resource);
            }
            None => {
                let text = format!("no Questionnaire is contained under '{}'", shown(&canonical));
                rules.error(at, Code::NotFound, text);
            }
        };
    }
    let (url, version, _) = Canonical::read(&canonical);
    match rules.source.find(QUESTIONNAIRE, url, version) {
        Some(found) => {
            let outer = || Some(found.clone());
            Form::new(resource, found.root(), ValueSets::new(&outer)).check(rules, resource);
        }
        None => unknown(rules, at, url, version),
    }
}

fn contained<'d>(resource: Node<'d>, id: &str) -> Option<Node<'d>> {
    let is_it = |one: &Node<'_>| {
        text(*one, "id").as_deref() == Some(id)
            && text(*one, "resourceType").as_deref() == Some("Questionnaire")
    };
    items(resource, "contained").find(is_it)
}

fn source_of(resource: Node<'_>) -> bytes::Bytes {
    resource.document().source().slice_ref(resource.raw())
}

fn unknown(rules: &mut Rules<'_>, at: Node<'_>, url: &str, version: Option<&str>) {
    let other = version.is_some() && rules.source.find(QUESTIONNAIRE, url, None).is_some();
    let text = match (version, other) {
        (Some(version), true) => format!(
            "the questionnaire '{}' is known here, but not its version '{}', so the answers were not checked against it",
            shown(url),
            shown(version)
        ),
        _ => format!(
            "the questionnaire '{}' is not known here, so the answers were not checked against it",
            shown(url)
        ),
    };
    rules.issues.warning(at, Code::NotFound, text);
}
