//! The full level, case by case: `validation/full/NNNN-what.json` holds definitions, resources, and what is to be found.
//!
//! An issue is `[severity, location, part of the text]`. Definitions are StructureDefinitions written short: `url`, `type`, and
//! the elements of a snapshot; what such an element does not say is 0..*.

use fhir::conformance::{Core, Layers, Resources};
use fhir::json::{Document, Limits};
use fhir::outcome::Severity;
use fhir::terminology::Terminology;
use fhir::validation::{Options, Validator};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

fn document(value: &Value) -> Document {
    Document::parse(value.to_string(), &Limits::default()).expect("serde_json writes JSON")
}

/// A definition written in full.
fn definition(short: &Value) -> Value {
    let elements: Vec<Value> = short["elements"].as_array().expect("elements").iter().map(element).collect();
    let mut full = json!({
        "resourceType": "StructureDefinition",
        "derivation": "constraint",
        "snapshot": {"element": elements},
    });
    for (name, value) in short.as_object().expect("an object").iter().filter(|(name, _)| *name != "elements")
    {
        full[name] = value.clone();
    }
    full
}

fn element(short: &Value) -> Value {
    let mut element = json!({"min": 0, "max": "*"});
    for (name, value) in short.as_object().expect("an object") {
        element[name] = value.clone();
    }
    element
}

fn validator(definitions: &Value) -> Validator {
    let mut resources = Resources::default();
    for one in definitions.as_array().into_iter().flatten() {
        let full = if one["resourceType"].is_string() { one.clone() } else { definition(one) };
        assert!(resources.add(Arc::new(document(&full))), "{one}");
    }
    let source = Arc::new(Layers::new(vec![Arc::new(resources), Arc::new(Core)]));
    let terminology = Arc::new(Terminology::new(source.clone(), Default::default()));
    Validator::new(source, terminology, Options { severity_min: Severity::Warning, ..Options::default() })
}

/// What is wrong with a case; nothing if it went as expected.
fn check(validator: &Validator, case: &Value) -> Option<String> {
    let resource = document(&case["resource"]);
    let profiles: Vec<&str> =
        case["profiles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let found = validator.validate(resource.root(), &profiles);
    let found: Vec<_> = found
        .iter()
        .filter(|issue| issue.severity >= Severity::Warning)
        .map(|issue| (issue.severity.code(), &*issue.expression, &*issue.text))
        .collect();
    let wanted = case["issues"].as_array().expect("issues");
    // serde_json has sorted the members of the resource, so the order of issues is not that of the file.
    let fits = |wanted: &Value| {
        let same = |found: &&(&str, &str, &str)| {
            found.0 == wanted[0]
                && found.1 == wanted[1]
                && wanted[2].as_str().is_some_and(|part| found.2.contains(part))
        };
        found.iter().filter(same).count() == 1
    };
    let fine = found.len() == wanted.len() && wanted.iter().all(fits);
    (!fine).then(|| format!("{}\n{}\nfound {found:#?}", case["case"], case["resource"]))
}

#[test]
fn cases() {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it"))
        .join("tests/validation/full");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a file");
        let all: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let validator = validator(&all["definitions"]);
        for case in all["cases"].as_array().expect("cases") {
            wrong.extend(check(&validator, case).map(|text| format!("{}: {text}", file.display())));
        }
    }
    assert!(files.len() > 5 && wrong.is_empty(), "{}", wrong.join("\n\n"));
}
