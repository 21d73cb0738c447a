//! What the options of a validator turn on and off.

use fhir::conformance::Core;
use fhir::json::{Document, Limits};
use fhir::outcome::Severity;
use fhir::terminology::Terminology;
use fhir::validation::{Options, Validator};
use std::sync::Arc;

/// The errors of a resource, as location and text.
fn errors(resource: &str, options: Options) -> Vec<String> {
    let core = Arc::new(Core);
    let terminology = Arc::new(Terminology::new(core.clone(), Default::default()));
    let document = Document::parse(resource.to_owned(), &Limits::default()).expect("JSON");
    let issues = Validator::new(core, terminology, options).validate(document.root(), &[]);
    let errors = issues.iter().filter(|issue| issue.severity >= Severity::Error);
    errors.map(|issue| format!("{}: {}", issue.expression, issue.text)).collect()
}

#[test]
fn urls_of_examples() {
    let resource = r#"{"resourceType":"Patient","photo":[{"url":"https://data.example.org/a"},{"url":"https://example.org.uk/a"}],
        "name":[{"text":"see http://example.org/"}]}"#;
    assert_eq!(errors(resource, Options::default()), [""; 0]);
    let found = errors(resource, Options { example_urls_refused: true, ..Options::default() });
    assert!(matches!(&found[..], [one] if one.starts_with("Patient.photo[0].url: ")), "{found:?}");
}

#[test]
fn contained_resources() {
    let resource = r#"{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"not an id","name":"a","nonsense":1}]}"#;
    assert_eq!(errors(resource, Options::default()).len(), 3);
    assert_eq!(errors(resource, Options { contained: false, ..Options::default() }), [""; 0]);
}

#[test]
fn types_of_targets_that_are_not_here() {
    let options = || Options { absent_targets: false, ..Options::default() };
    let absent = r#"{"resourceType":"Patient","managingOrganization":{"reference":"Group/1"}}"#;
    assert_eq!(errors(absent, Options::default()).len(), 1);
    assert_eq!(errors(absent, options()), [""; 0]);
    let present = r##"{"resourceType":"Patient","managingOrganization":{"reference":"#a"},
        "contained":[{"resourceType":"Practitioner","id":"a"}]}"##;
    assert_eq!(errors(present, options()).len(), 1);
}
