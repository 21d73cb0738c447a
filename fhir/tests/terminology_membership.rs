//! Value sets of the specification: which codes are in.

use fhir::conformance::Core;
use fhir::conformance::Source;
use fhir::definitions::ResourceType;
use fhir::terminology::{Limits, Membership, Terminology};
use std::sync::Arc;

fn terminology() -> Terminology {
    Terminology::new(Arc::new(Core), Limits::default())
}

#[test]
fn codes_of_required_bindings() {
    let terminology = terminology();
    let gender = terminology.value_set("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1").unwrap();
    let system = Some("http://hl7.org/fhir/administrative-gender");
    assert_eq!(gender.contains(None, None, "male"), Membership::In);
    assert_eq!(gender.contains(system, None, "male"), Membership::In);
    assert_eq!(gender.contains(system, Some("4.0.1"), "male"), Membership::In);
    assert!(matches!(gender.contains(system, Some("3.0.1"), "male"), Membership::Unknown(_)));
    assert_eq!(gender.contains(None, None, "Male"), Membership::NotIn);
    assert_eq!(gender.contains(Some("http://nowhere"), None, "male"), Membership::NotIn);
    assert_eq!(gender.contains(None, None, ""), Membership::NotIn);
}

#[test]
fn codes_that_follow_a_grammar() {
    let terminology = terminology();
    let media = terminology.value_set("http://hl7.org/fhir/ValueSet/mimetypes").unwrap();
    assert_eq!(media.contains(None, None, "application/pdf"), Membership::In);
    assert_eq!(media.contains(None, None, "pdf"), Membership::NotIn);
    let languages = terminology.value_set("http://hl7.org/fhir/ValueSet/all-languages").unwrap();
    assert_eq!(languages.contains(Some("urn:ietf:bcp:47"), None, "de-CH-1901"), Membership::In);
    assert_eq!(languages.contains(Some("urn:ietf:bcp:47"), None, "de_CH"), Membership::NotIn);
    let common = terminology.value_set("http://hl7.org/fhir/ValueSet/languages").unwrap();
    assert_eq!(common.contains(None, None, "de-CH"), Membership::In);
    assert_eq!(common.contains(None, None, "gsw"), Membership::NotIn);
    let units = terminology.value_set("http://hl7.org/fhir/ValueSet/ucum-units").unwrap();
    assert_eq!(units.contains(None, None, "mg/dL"), Membership::In);
    assert_eq!(units.contains(None, None, "furlongs per fortnight"), Membership::NotIn);
}

#[test]
fn codes_of_systems_that_are_not_known_here() {
    let terminology = terminology();
    let conditions = terminology.value_set("http://hl7.org/fhir/ValueSet/condition-code").unwrap();
    let snomed = Some("http://snomed.info/sct");
    let Membership::Unknown(reason) = conditions.contains(snomed, None, "22298006") else {
        panic!("it cannot be known")
    };
    assert!(reason.to_string().contains("http://snomed.info/sct"), "{reason}");
    assert_eq!(conditions.contains(snomed, None, "160245001"), Membership::In, "it is enumerated");
    assert_eq!(conditions.contains(Some("http://loinc.org"), None, "22298006"), Membership::NotIn);
}

#[test]
fn every_value_set_of_the_specification_compiles_and_agrees_with_its_entries() {
    let terminology = terminology();
    let mut failed = Vec::new();
    for canonical in Core.canonicals(ResourceType::from_name("ValueSet").unwrap()) {
        let value_set = match terminology.value_set(&canonical.url) {
            Ok(value_set) => value_set,
            Err(error) => {
                assert_eq!(error.status(), if error.code() == "not-found" { 404 } else { 422 });
                failed.push(canonical.url);
                continue;
            }
        };
        let mut count = 0;
        for entry in value_set.entries() {
            count += 1;
            let member = value_set.contains(Some(entry.system()), entry.version(), entry.code());
            assert_eq!(member, Membership::In, "{}: {}", canonical.url, entry.code());
        }
        assert_eq!(count, value_set.len(), "{}", canonical.url);
    }
    // A filter on a property its code system does not have; imports of value sets the specification does not hold.
    let broken = ["example-filter", "media-modality", "use-context"];
    let broken = broken.map(|name| format!("http://hl7.org/fhir/ValueSet/{name}").into_boxed_str());
    assert_eq!(failed, broken);
}
