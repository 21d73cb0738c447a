//! Snapshots of small differentials: what the generator promises, rule by rule.

use fhir::conformance::snapshot::{Error, Limits, Snapshots, generate, has_snapshot};
use fhir::conformance::{Core, Layers, Resources, Source};
use fhir::definitions::ResourceType;
use fhir::json::{Document, Node};
use std::sync::Arc;

fn definition(url: &str, base: &str, elements: &str) -> Document {
    let json = format!(
        r#"{{"resourceType":"StructureDefinition","url":"http://x/{url}","type":"{}","derivation":"constraint",
            "baseDefinition":"{base}","differential":{{"element":[{elements}]}}}}"#,
        elements.split('"').nth(3).and_then(|path| path.split('.').next()).unwrap_or("Patient"),
    );
    Document::parse(json, &Default::default()).expect("JSON")
}

fn r4(name: &str) -> String {
    format!("http://hl7.org/fhir/StructureDefinition/{name}")
}

fn ids(document: &Document) -> Vec<String> {
    let elements = document.root().get("snapshot").and_then(|snapshot| snapshot.get("element"));
    let id = |element: Node<'_>| element.get("id").and_then(Node::as_str).map(String::from);
    elements.into_iter().flat_map(Node::items).filter_map(id).collect()
}

fn element(document: &Document, id: &str) -> String {
    let elements = document.root().get("snapshot").and_then(|snapshot| snapshot.get("element"));
    let is_it = |element: &Node<'_>| element.get("id").and_then(Node::as_str).as_deref() == Some(id);
    let found = elements.into_iter().flat_map(Node::items).find(is_it);
    found.map(|element| format!("{element:?}")).unwrap_or_default()
}

fn made(base: &str, elements: &str) -> Result<Document, Error> {
    generate(&Core, &definition("a", &r4(base), elements), &Limits::default())
}

#[test]
fn an_element_is_constrained_and_the_rest_stays() {
    let document = made(
        "Patient",
        r#"{"path":"Patient.birthDate","min":1,"constraint":[{"key":"a-1","severity":"error"}]}"#,
    );
    let document = document.expect("a snapshot");
    let birth_date = element(&document, "Patient.birthDate");
    assert!(birth_date.contains(r#""min":1"#), "{birth_date}");
    assert!(
        birth_date.contains(r#""key":"ele-1""#) && birth_date.contains(r#""source":"http://x/a""#),
        "{birth_date}"
    );
    assert_eq!(ids(&document).len(), 45);
}

#[test]
fn a_slice_without_id_is_found_by_its_place() {
    let elements = r#"{"path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
        {"path":"Patient.identifier","sliceName":"mrn","min":1},
        {"path":"Patient.identifier.system","fixedUri":"http://mrn"},
        {"path":"Patient.identifier","sliceName":"mrn/old"},
        {"path":"Patient.identifier","sliceName":"other","max":"1"}"#;
    let document = made("Patient", elements).expect("a snapshot");
    assert!(element(&document, "Patient.identifier:mrn.system").contains("http://mrn"));
    assert!(element(&document, "Patient.identifier:mrn/old.system").contains("http://mrn"));
    assert!(element(&document, "Patient.identifier:other").contains(r#""min":0,"max":"1""#));
    let slices: Vec<_> = ids(&document)
        .into_iter()
        .filter(|id| id.matches([':', '.']).count() == 2 && id.contains(':'))
        .collect();
    assert_eq!(slices, ["Patient.identifier:mrn", "Patient.identifier:mrn/old", "Patient.identifier:other"]);
}

#[test]
fn a_choice_by_the_name_of_a_type() {
    let elements =
        r#"{"path":"Observation.valueQuantity","min":1},{"path":"Observation.valueQuantity.code","min":1}"#;
    let document = made("Observation", elements).expect("a snapshot");
    assert!(element(&document, "Observation.value[x]").contains(r#""type":[{"code":"Quantity"}]"#));
    assert!(element(&document, "Observation.value[x]:valueQuantity.code").contains(r#""min":1"#));
}

#[test]
fn a_content_reference_is_walked_into() {
    let elements = r#"{"path":"Questionnaire.item.item.item.linkId","max":"1","short":"deep"}"#;
    let document = made("Questionnaire", elements).expect("a snapshot");
    assert!(element(&document, "Questionnaire.item.item.item.linkId").contains("deep"));
    assert!(!element(&document, "Questionnaire.item.item").contains("contentReference"));
}

#[test]
fn an_extension_slice_says_what_its_extension_says() {
    let elements = r#"{"path":"Patient.extension","sliceName":"place","type":[{"code":"Extension","profile":
        ["http://hl7.org/fhir/StructureDefinition/patient-birthPlace"]}]},
        {"path":"Patient.extension.valueAddress.country","min":1}"#;
    let document = made("Patient", elements).expect("a snapshot");
    assert!(element(&document, "Patient.extension").contains(r#""path":"url""#));
    assert!(element(&document, "Patient.extension:place").contains(r#""max":"1""#));
    assert!(element(&document, "Patient.extension:place.url").contains("patient-birthPlace"));
}

#[test]
fn what_cannot_be_made_is_told() {
    let unknown = made("Patient", r#"{"path":"Patient.nothing","min":1}"#).err();
    assert_eq!(
        unknown,
        Some(Error::UnknownElement { definition: "http://x/a".into(), path: "Patient.nothing".into() })
    );
    assert!(matches!(made("Nothing", r#"{"path":"Patient.active"}"#), Err(Error::UnknownBase { .. })));
    assert!(matches!(made("Patient", r#"{"path":"Patient.id.deep"}"#), Err(Error::NoChildren { .. })));
    let deep = format!(r#"{{"path":"Questionnaire{}"}}"#, ".item".repeat(40));
    assert!(matches!(made("Questionnaire", &deep), Err(Error::TooDeep { .. })));
    let document = definition("a", &r4("Patient"), r#"{"path":"Patient.active"}"#);
    let limits = Limits { elements_max: 10, ..Limits::default() };
    assert!(matches!(generate(&Core, &document, &limits), Err(Error::TooManyElements { max: 10, .. })));
}

#[test]
fn a_circle_of_definitions_is_told() {
    let mut resources = Resources::default();
    for (url, base) in [("a", "http://x/b"), ("b", "http://x/a")] {
        resources.add(Arc::new(definition(url, base, r#"{"path":"Patient.active","min":1}"#)));
    }
    let source = Snapshots::new(Arc::new(resources), Limits::default());
    assert!(matches!(source.structure("http://x/a", None), Err(Error::Cycle { .. })));
}

#[test]
fn a_source_completes_what_builds_on_one_another() {
    let mut resources = Resources::default();
    resources.add(Arc::new(definition("a", &r4("Patient"), r#"{"path":"Patient.active","min":1}"#)));
    resources.add(Arc::new(definition("b", "http://x/a", r#"{"path":"Patient.name","min":1}"#)));
    let source =
        Snapshots::new(Arc::new(Layers::new(vec![Arc::new(resources), Arc::new(Core)])), Limits::default());
    let structures = ResourceType::from_name("StructureDefinition").expect("a type");
    let found = source.find(structures, "http://x/b", None).expect("known");
    assert!(has_snapshot(&found));
    assert!(element(&found, "Patient.active").contains(r#""min":1"#));
    assert!(Arc::ptr_eq(&found, &source.find(structures, "http://x/b", None).expect("known")));
}

#[test]
fn below_several_types_stands_what_they_have_in_common() {
    let elements = r#"{"path":"Bundle.entry.resource","type":[{"code":"Patient"},{"code":"Practitioner"}]},
        {"path":"Bundle.entry.resource.meta","min":1},{"path":"Bundle.entry.resource.contained","max":"0"}"#;
    let document = made("Bundle", elements).expect("a snapshot");
    assert!(element(&document, "Bundle.entry.resource.meta").contains(r#""min":1"#));
    let elements = r#"{"path":"Condition.onset[x]","type":[{"code":"Age"},{"code":"string"}]},
        {"path":"Condition.onset[x].extension","max":"0"}"#;
    assert!(made("Condition", elements).is_ok());
    let elements = r#"{"path":"Condition.onset[x]","type":[{"code":"Age"},{"code":"string"}]},
        {"path":"Condition.onset[x].unit","min":1}"#;
    assert!(matches!(made("Condition", elements), Err(Error::UnknownElement { .. })));
}
