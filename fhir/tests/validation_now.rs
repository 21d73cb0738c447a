//! Invariants that ask for the time are given the one of the call.

use fhir::conformance::{Core, Layers, Resources};
use fhir::fhirpath::value::Temporal;
use fhir::json::{Document, Limits};
use fhir::outcome::Severity;
use fhir::terminology::Terminology;
use fhir::validation::{Options, Request, Validator};
use std::sync::Arc;

const PROFILE: &str = r#"{"resourceType": "StructureDefinition", "url": "http://t/born", "type": "Patient",
    "derivation": "constraint", "snapshot": {"element": [
        {"path": "Patient", "min": 0, "max": "*", "base": {"path": "Patient"}, "constraint": [
            {"key": "born-1", "severity": "error", "human": "nobody is born tomorrow", "expression": "birthDate <= today()"}]}]}}"#;

const PATIENT: &str = r#"{"resourceType": "Patient", "birthDate": "2024-02-29"}"#;

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &Limits::default()).expect("JSON")
}

fn validator(now: Option<Temporal>) -> Validator {
    let mut resources = Resources::default();
    assert!(resources.add(Arc::new(document(PROFILE))));
    let source = Arc::new(Layers::new(vec![Arc::new(resources), Arc::new(Core)]));
    let terminology = Arc::new(Terminology::new(source.clone(), Default::default()));
    Validator::new(source, terminology, Options { now, ..Options::default() })
}

/// The worst that is said of the invariant.
fn found(validator: &Validator, now: Option<Temporal>) -> Option<Severity> {
    let patient = document(PATIENT);
    let request = Request { profiles: &["http://t/born"], now, ..Request::default() };
    let issues = validator.validate_as(patient.root(), &request);
    issues.iter().filter(|issue| issue.text.contains("born-1")).map(|issue| issue.severity).max()
}

/// 2024-02-28T00:00:00Z and the same a day later.
const BEFORE: u64 = 1_709_078_400_000;
const ON_THE_DAY: u64 = BEFORE + 86_400_000;

#[test]
fn the_time_is_that_of_the_call() {
    let validator = validator(None);
    let at = |ms| found(&validator, Some(Temporal::of_unix_ms(ms)));
    assert_eq!(at(BEFORE), Some(Severity::Error));
    assert_eq!(at(ON_THE_DAY), None);
    assert_eq!(at(BEFORE), Some(Severity::Error), "nothing of an earlier call is kept");
    assert_eq!(found(&validator, None), Some(Severity::Warning), "without a time it cannot be evaluated");
}

#[test]
fn the_options_say_what_the_call_does_not() {
    let validator = validator(Some(Temporal::of_unix_ms(BEFORE)));
    assert_eq!(found(&validator, None), Some(Severity::Error));
    assert_eq!(found(&validator, Some(Temporal::of_unix_ms(ON_THE_DAY))), None);
}

#[test]
fn times_of_a_clock() {
    assert_eq!(Temporal::of_unix_ms(ON_THE_DAY + 1).to_string(), "2024-02-29T00:00:00.001Z");
    assert_eq!(Temporal::of_unix_ms(0).to_string(), "1970-01-01T00:00:00.000Z");
    assert_eq!(Temporal::of_unix_ms(u64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
}
