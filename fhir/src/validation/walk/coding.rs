//! Codes and displays that are not in the code system they name, whatever the element is bound to.

use super::instance::Instance;
use super::{Walk, units};
use crate::definitions::{NameId, names};
use crate::json::Node;
use crate::outcome::Severity;
use crate::terminology::{CodeSystem, Concept, Membership, Reason};
use crate::validation::definition::System;
use crate::validation::{Code, structure};

const CODING: NameId = names::lookup(b"coding");
const SYSTEM: NameId = names::lookup(b"system");
const VERSION: NameId = names::lookup(b"version");
const CODE: NameId = names::lookup(b"code");
const DISPLAY: NameId = names::lookup(b"display");

impl<'d> Walk<'_, 'd> {
    /// Checks system and code of a Coding or Quantity. Systems that are not known here can have any code.
    pub(super) fn coding(&mut self, instance: Instance<'d>) {
        let text = |name| instance.value?.get_name(name)?.as_str();
        let (Some(system), Some(value)) = (text(SYSTEM), instance.value) else { return };
        match self.definitions.systems.find(&system, self.terminology) {
            System::All(all, concepts) => {
                let (Some(code), version) = (text(CODE), text(VERSION)) else { return };
                match all.contains(Some(&system), version.as_deref(), &code) {
                    Membership::NotIn => self.unknown_code(value, &system, &code, concepts.as_deref()),
                    // Another version may say it in other words.
                    Membership::In if version.is_none() => {
                        if let Some(concepts) = concepts {
                            self.display(value, &concepts, &code);
                        }
                    }
                    Membership::Unknown(Reason::Fragment(_)) => self.not_in_fragment(value, &system, &code),
                    Membership::In | Membership::Unknown(_) => {}
                }
            }
            System::Supplement => {
                let text = format!(
                    "the code system '{system}' is a supplement and has no codes; name the system it supplements"
                );
                self.issues.error(value, Code::CodeInvalid, text);
            }
            System::Unknown => {}
        }
    }

    /// The display must be one the code system has for the code (<https://hl7.org/fhir/R4/datatypes.html#Coding>): in any
    /// language, and case and white space do not count. A warning, as the meaning is the code's, whatever it is called.
    fn display(&mut self, value: Node<'d>, concepts: &CodeSystem, code: &str) {
        if self.options.severity_min > Severity::Warning {
            return;
        }
        let Some(node) = value.get_name(DISPLAY) else { return };
        let (Some(given), Some(number)) = (node.as_str(), concepts.find(code)) else { return };
        let concept = concepts.concept(number);
        let is_right = || {
            concept.has_display(&given)
                || self.terminology.is_display_of_a_supplement(concepts, &concept.code, &given)
        };
        if !is_right() {
            self.other_display(node, concepts, concept, &given);
        }
    }

    #[cold]
    fn other_display(&mut self, node: Node<'d>, concepts: &CodeSystem, concept: &Concept, given: &str) {
        let text = format!(
            "'{}' is no display of the code '{}' of '{}'; write '{}' or leave it out",
            shown(given),
            concept.code,
            concepts.url,
            shown(concept.display.as_deref().unwrap_or(&concept.code))
        );
        self.issues.warning(node, Code::Value, text);
    }

    #[cold]
    fn unknown_code(&mut self, value: Node<'d>, system: &str, code: &str, concepts: Option<&CodeSystem>) {
        if self.is_told(value) || !self.issues.takes(Severity::Error) {
            return;
        }
        let text = match system {
            units::UCUM => units::no_unit(&shown(code)),
            _ => {
                let codes =
                    concepts.map_or(&[][..], CodeSystem::concepts).iter().map(|concept| &*concept.code);
                let hint = did_you_mean(code, codes);
                format!("the code system '{}' has no code '{}'{hint}", shown(system), shown(code))
            }
        };
        self.issues.error(value, Code::CodeInvalid, text);
    }

    /// The rest of the code system may have it (<https://hl7.org/fhir/R4/valueset-codesystem-content-mode.html>).
    #[cold]
    fn not_in_fragment(&mut self, value: Node<'d>, system: &str, code: &str) {
        let text = format!(
            "the code '{}' is not in the part of the code system '{}' that is known here; see that it is right",
            shown(code),
            shown(system)
        );
        self.issues.warning(value, Code::CodeInvalid, text);
    }

    /// Whether a required binding of the concept that holds the coding has said already what is wrong, and what to take instead.
    fn is_told(&self, coding: Node<'d>) -> bool {
        let holds = |place: u32| {
            let concept = coding.document().node(place);
            concept.and_then(|node| node.get_name(CODING)).is_some_and(|all| all.holds(coding.index()))
        };
        self.issues.errors_of(Code::CodeInvalid).any(holds)
    }

    /// Whether all codes of a concept are unknown to their systems, which is an error of its own.
    pub(super) fn has_no_known_code(&self, value: Node<'d>) -> bool {
        let is_unknown = |coding: Node<'d>| {
            let text = |name| coding.get_name(name).and_then(Node::as_str);
            let (Some(system), Some(code)) = (text(SYSTEM), text(CODE)) else { return false };
            let System::All(all, _) = self.definitions.systems.find(&system, self.terminology) else {
                return false;
            };
            matches!(all.contains(Some(&system), text(VERSION).as_deref(), &code), Membership::NotIn)
        };
        match value.get_name(CODING) {
            Some(codings) => !codings.is_empty() && codings.items().all(is_unknown),
            None => is_unknown(value),
        }
    }
}

/// A question about the code somebody may have meant, or nothing: of short codes nearly all are alike.
pub(super) fn did_you_mean<'c>(code: &str, codes: impl Iterator<Item = &'c str>) -> String {
    const LENGTH_MIN: usize = 3;
    const CODES_MAX: usize = 5_000;
    let near = structure::nearest(code, codes.take(CODES_MAX)).filter(|_| code.len() >= LENGTH_MIN);
    near.map_or_else(String::new, |near| format!("; did you mean '{near}'?"))
}

fn shown(text: &str) -> String {
    text.chars().take(120).collect()
}
