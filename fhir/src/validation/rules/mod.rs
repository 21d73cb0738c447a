//! Rules of single resource types that their StructureDefinitions cannot say: what R4's text, not its tables, asks for.

mod bundle;
mod canonical;
mod capability_statement;
mod code_system;
mod concept_map;
mod constraint;
mod data_type;
mod element_type;
mod expression;
mod group;
mod item_type;
mod measure;
mod measure_report;
mod questionnaire;
mod questionnaire_response;
mod search_parameter;
mod structure_definition;
mod value_set;

pub(super) use data_type::check as data_type;

use super::steps::Steps;
use super::{Code, Issues};
use crate::conformance::Source;
use crate::definitions::{ResourceType, SearchParameter, search_parameters};
use crate::json::Node;
use crate::terminology::Terminology;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a rule may ask and where it says what is wrong.
pub(super) struct Rules<'r> {
    pub terminology: &'r Terminology,
    pub source: &'r dyn Source,
    pub issues: &'r mut Issues,
    pub steps: &'r Steps,
}

impl Rules<'_> {
    /// Checks one resource; what it holds is checked by itself. `container`: the resource that contains it, else itself.
    pub fn check(&mut self, resource: Node<'_>, container: Node<'_>, resource_type: &str) {
        canonical::check(self, resource, resource_type);
        match resource_type {
            "Bundle" => bundle::check(self, resource),
            "CapabilityStatement" => capability_statement::check(self, resource),
            "CodeSystem" => code_system::check(self, resource),
            "ConceptMap" => concept_map::check(self, resource),
            "Group" => group::check(self, resource),
            "Measure" => measure::check(self, resource),
            "MeasureReport" => measure_report::check(self, resource),
            "Questionnaire" => questionnaire::check(self, resource, container),
            "QuestionnaireResponse" => questionnaire_response::check(self, resource, container),
            "SearchParameter" => search_parameter::check(self, resource),
            "StructureDefinition" => structure_definition::check(self, resource),
            "ValueSet" => value_set::check(self, resource),
            _ => {}
        }
    }

    fn error(&mut self, at: Node<'_>, code: Code, text: String) {
        self.issues.error(at, code, text);
    }
}

/// The text of a member.
fn text<'d>(node: Node<'d>, name: &str) -> Option<Cow<'d, str>> {
    node.get(name)?.as_str()
}

/// The items of a member that is a list.
fn items<'d>(node: Node<'d>, name: &str) -> impl Iterator<Item = Node<'d>> + use<'d> {
    node.get(name).into_iter().flat_map(Node::items)
}

/// A text of the resource, short enough for a message.
fn shown(text: &str) -> String {
    text.chars().take(120).collect()
}

/// R4's own search parameter of that canonical URL, and the type it is taken for.
fn known_parameter(canonical: &str) -> Option<&'static SearchParameter> {
    static BY_URL: LazyLock<BTreeMap<String, &'static SearchParameter>> = LazyLock::new(|| {
        let mut by_url = BTreeMap::new();
        for parameter in ResourceType::all().flat_map(search_parameters) {
            by_url.entry(parameter.url().to_string()).or_insert(parameter);
        }
        by_url
    });
    let (url, _, _) = crate::conformance::Canonical::read(canonical);
    BY_URL.get(url).copied()
}
