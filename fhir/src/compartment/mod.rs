//! The patient compartment: whose record a resource lives in, and which searches one record answers alone.
//!
//! **The rule.** A resource's candidate parameters are those of R4's CompartmentDefinition/patient, `subject` first,
//! then `patient`, then the ones that select the same element as a parameter of these names (`Coverage.beneficiary`,
//! which is Coverage's `patient`), then the others in the definition's order. The first parameter that selects a reference to a patient
//! of this server (`Patient/x`, also with a version or below the server's own base URL) decides; among several references of one
//! parameter the first in the document does. Where none is found — no reference, or only `urn:uuid:…`, conditional,
//! contained or foreign ones — the resource is free-standing. References must be rewritten before this is asked. A
//! Patient is its own compartment, whatever it links to.
//!
//! **Routing.** All patients named by a resource are in its index values; only one of them is its compartment. So
//! `param=Patient/x` is answered by x's compartment alone only where `param` cannot name a patient that is not the
//! deciding one; see [`routing_params`].

mod routing;

pub use routing::{patient_params, routing_params};

use crate::definitions::names::{self, NameId};
use crate::definitions::{ResourceType, SearchParameter, TypeId, search_parameter};
use crate::index::plan::Plan;
use crate::index::{ExtractOptions, ReferenceText, parse_reference};
use crate::json::Node;
use std::borrow::Cow;
use std::sync::OnceLock;

const REFERENCE: NameId = names::lookup(b"reference");
const ID: NameId = names::lookup(b"id");
const TYPE_COUNT: usize = 1024;

/// By type code: each end carries the priority of its parameter.
static PLANS: [OnceLock<Plan<usize>>; TYPE_COUNT] = [const { OnceLock::new() }; TYPE_COUNT];

/// The id of the patient whose compartment `resource` of type `t` lives in; `None` for a free-standing one, and for a
/// Patient that has no id yet. `options` must be those of [`extract`](crate::index::extract), so that a reference below
/// this server's base URL counts in both or in none.
pub fn patient_of<'d>(
    resource: Node<'d>,
    t: ResourceType,
    options: &ExtractOptions<'_>,
) -> Option<Cow<'d, str>> {
    if t == ResourceType::PATIENT {
        return resource.get_name(ID)?.as_str();
    }
    let mut first: Option<(usize, Cow<'d, str>)> = None;
    plan_of(t).walk(resource, resource, &mut |&priority, value| {
        if first.as_ref().is_none_or(|(best, _)| priority < *best)
            && let Some(id) = patient_id(value, options)
        {
            first = Some((priority, id));
        }
    });
    first.map(|(_, id)| id)
}

fn patient_id<'d>(value: Node<'d>, options: &ExtractOptions<'_>) -> Option<Cow<'d, str>> {
    match value.get_name(REFERENCE)?.as_str()? {
        Cow::Borrowed(text) => local_patient(text, options).map(Cow::Borrowed),
        Cow::Owned(text) => local_patient(&text, options).map(|id| Cow::Owned(id.to_owned())),
    }
}

fn local_patient<'t>(text: &'t str, options: &ExtractOptions<'_>) -> Option<&'t str> {
    match parse_reference(text, options.bases) {
        ReferenceText::Local { resource_type: ResourceType::PATIENT, id, .. } => Some(id),
        _ => None,
    }
}

fn plan_of(t: ResourceType) -> &'static Plan<usize> {
    PLANS[usize::from(t.code())].get_or_init(|| {
        let mut plan = Plan::new();
        let Some(root) = TypeId::from_path(t.name()) else { return plan };
        for (priority, code) in patient_params(t).iter().enumerate() {
            for path in search_parameter(t, code).into_iter().flat_map(SearchParameter::paths) {
                // The tests of `index` hold every R4 expression compilable.
                for spot in plan.select(Plan::<usize>::root(root), path).unwrap_or_default() {
                    plan.actions(spot).push(priority);
                }
            }
        }
        plan.settle()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Bases;
    use crate::json::{Document, Limits};

    fn compartment(json: &str) -> Option<String> {
        let document = Document::parse(json.to_owned(), &Limits::default()).expect("JSON");
        let name = document.root().get("resourceType").and_then(Node::as_str).expect("a type");
        let t = ResourceType::from_name(&name).expect("a known type");
        patient_of(
            document.root(),
            t,
            &ExtractOptions { bases: Bases::of(Some("http://here/fhir")), ..ExtractOptions::default() },
        )
        .map(Cow::into_owned)
    }

    #[test]
    fn a_plain_reference_to_a_patient_decides() {
        for (reference, patient) in [
            ("Patient/1", Some("1")),
            ("Patient/1/_history/7", Some("1")),
            ("Patient\\/1", Some("1")),
            ("http://here/fhir/Patient/1", Some("1")),
            ("http://there/fhir/Patient/1", None),
            ("urn:uuid:1b7d0d5c-0000-4000-8000-000000000000", None),
            ("Patient?identifier=x|1", None),
            ("#p", None),
            ("Group/1", None),
        ] {
            let json = format!(
                r##"{{"resourceType":"Observation","contained":[{{"resourceType":"Patient","id":"p"}}],"subject":{{"reference":"{reference}"}}}}"##
            );
            assert_eq!(compartment(&json).as_deref(), patient, "{reference}");
        }
    }

    #[test]
    fn priority_goes_before_document_order() {
        let observation = r#"{"resourceType":"Observation","performer":[{"reference":"Patient/p"}],"subject":{"reference":"Patient/s"}}"#;
        assert_eq!(compartment(observation).as_deref(), Some("s"));
        let without_subject = r#"{"resourceType":"Observation","performer":[{"reference":"Practitioner/d"},{"reference":"Patient/p"}]}"#;
        assert_eq!(compartment(without_subject).as_deref(), Some("p"));
        let group = r#"{"resourceType":"Observation","performer":[{"reference":"Patient/p"}],"subject":{"reference":"Group/g"}}"#;
        assert_eq!(compartment(group).as_deref(), Some("p"));
        let coverage = r#"{"resourceType":"Coverage","policyHolder":{"reference":"Patient/h"},"beneficiary":{"reference":"Patient/b"}}"#;
        assert_eq!(compartment(coverage).as_deref(), Some("b"));
        let appointment = r#"{"resourceType":"Appointment","participant":[{"actor":{"reference":"Location/l"}},{"actor":{"reference":"Patient/1"}},{"actor":{"reference":"Patient/2"}}]}"#;
        assert_eq!(compartment(appointment).as_deref(), Some("1"));
    }

    #[test]
    fn a_patient_is_its_own_and_an_organization_nobodys() {
        let patient =
            r#"{"resourceType":"Patient","id":"me","link":[{"other":{"reference":"Patient/you"}}]}"#;
        assert_eq!(compartment(patient).as_deref(), Some("me"));
        assert_eq!(compartment(r#"{"resourceType":"Patient"}"#), None);
        assert_eq!(
            compartment(r#"{"resourceType":"Organization","partOf":{"reference":"Organization/1"}}"#),
            None
        );
    }

    #[test]
    fn routing_is_by_what_can_name_only_the_owner() {
        let of = |name: &str| routing_params(ResourceType::from_name(name).expect(name));
        for (name, params) in [
            ("Observation", &["patient", "subject"][..]),
            ("Encounter", &["patient", "subject"]),
            ("AllergyIntolerance", &["patient"]),
            ("Coverage", &["beneficiary", "patient"]),
            ("Immunization", &["patient"]),
            ("Appointment", &[]),
            ("Provenance", &[]),
            ("Group", &[]),
            ("Account", &[]),
            ("Organization", &[]),
            ("Patient", &[]),
        ] {
            let mut found = of(name).to_vec();
            found.sort_unstable();
            assert_eq!(found, params, "{name}");
        }
        let of = |name: &str| patient_params(ResourceType::from_name(name).expect(name));
        assert_eq!(of("Observation"), ["subject", "performer"]);
        assert_eq!(of("Coverage"), ["beneficiary", "policy-holder", "subscriber", "payor"]);
        assert_eq!(of("Organization"), [""; 0]);
    }
}
