//! What the options of a validator turn on and off.

use fhir::conformance::snapshot::Snapshots;
use fhir::conformance::{Core, Layers, Resources, Source};
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

/// Why a profile has no snapshot stands in the issue about the profile.
#[test]
fn a_profile_without_a_snapshot_says_why() {
    let profile = |url: &str, rest: &str| {
        let text = format!(
            r#"{{"resourceType":"StructureDefinition","url":"{url}","name":"p","status":"draft","kind":"resource","type":"Patient",
                "abstract":false,"derivation":"constraint",{rest}}}"#
        );
        Arc::new(Document::parse(text, &Limits::default()).expect("JSON"))
    };
    let differential =
        |path: &str| format!(r#""differential":{{"element":[{{"id":"{path}","path":"{path}","min":1}}]}}"#);
    let core = "http://hl7.org/fhir/StructureDefinition/Patient";
    let mut resources = Resources::default();
    for (url, base, path) in [
        ("http://t/path", core, "Patient.nonsense"),
        ("http://t/base", "http://t/none", "Patient.name"),
        ("http://t/cycle", "http://t/cycle", "Patient.name"),
        ("http://t/good", core, "Patient.name"),
    ] {
        let rest = format!(r#""baseDefinition":"{base}",{}"#, differential(path));
        assert!(resources.add(profile(url, &rest)));
    }
    let all = Arc::new(Layers::new(vec![Arc::new(resources), Arc::new(Core)]));
    // Behind another layer, as a server has it.
    let made: Arc<dyn Source> = Arc::new(Snapshots::new(all, Default::default()));
    let source = Arc::new(Layers::new(vec![Arc::new(Resources::default()), made]));
    let terminology = Arc::new(Terminology::new(source.clone(), Default::default()));
    let validator = Validator::new(source, terminology, Options::default());
    let document = Document::parse(r#"{"resourceType":"Patient","name":[{"text":"a"}]}"#, &Limits::default());
    let document = document.expect("JSON");
    for (url, reason) in [
        ("http://t/path", "has no element \"Patient.nonsense\""),
        ("http://t/base", "builds on http://t/none, which is not known here"),
        ("http://t/cycle", "builds on itself"),
    ] {
        let issues = validator.validate(document.root(), &[url]);
        let told =
            issues.iter().any(|issue| issue.severity == Severity::Error && issue.text.contains(reason));
        assert!(told, "{url}: {issues:#?}");
    }
    assert!(validator.validate(document.root(), &["http://t/good"]).is_valid());
}
