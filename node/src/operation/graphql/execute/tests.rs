//! The examples of <https://hl7.org/fhir/R4/graphql.html>, and what they leave open.

use super::super::{
    problem,
    read::query,
    request::Request,
    store::{Limits, Question, Store},
};
use super::*;
use crate::interaction::several::Place;
use fhir::{definitions::ResourceType, index::Bases, json};
use proto::ResourceId;
use serde_json::{Value, json};

const PATIENT: &str = r##"{
    "resourceType": "Patient", "id": "p", "active": true, "multipleBirthInteger": 2,
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Inside", "partOf": {"reference": "#"}}],
    "extension": [{"url": "urn:a", "valueDecimal": 1.50}, {"url": "urn:b", "valueString": "b"}],
    "name": [
        {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
        {"use": "usual", "given": ["Jim"]},
        {"use": "maiden", "family": "Windsor", "given": ["Peter", null], "_given": [null, {"id": "g"}]}],
    "birthDate": "1974-12-25", "_birthDate": {"extension": [{"url": "urn:time", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
    "contact": [
        {"name": {"family": "du Marché"}, "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "2"}]},
        {"name": {"family": "Other"}, "telecom": [{"system": "phone", "value": "3"}]}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [
        {"reference": "Practitioner/d"}, {"reference": "Organization/none"}, {"display": "somebody"},
        {"reference": "http://elsewhere.example.org/Practitioner/x"}]
}"##;
const PRACTITIONER: &str = r#"{"resourceType": "Practitioner", "id": "d", "name": [{"family": "Careful"}]}"#;

fn parsed(text: &'static str) -> Document {
    Document::parse(text, &json::Limits::default()).unwrap()
}

fn store() -> Store<'static> {
    let limits = Limits { count_default: 20, count_max: 1000, resources_max: 100 };
    let mut store = Store::new(Bases::default(), limits);
    let place = |name: &str, id: &str| Place {
        resource_type: ResourceType::from_name(name).unwrap(),
        id: ResourceId::parse(id).unwrap(),
        version: None,
    };
    store.keep(place("Practitioner", "d"), parsed(PRACTITIONER));
    store.keep(place("Patient", "p"), parsed(PATIENT));
    store
}

fn carried_out(text: &str, root: Option<&Document>) -> (Value, Wanted) {
    let request = Request { query: text.to_owned(), ..Request::default() };
    let query = query(&request).expect(text);
    let store = store();
    let Answer { data, problems, wanted } = answer(&query, root, &store, &Budget::default()).expect(text);
    (serde_json::from_slice(&problem::answer(&data, &problems)).expect(text), wanted)
}

/// The data of a query of the patient; there is nothing wrong with it.
fn data(text: &str) -> Value {
    let (answer, _) = carried_out(text, Some(&parsed(PATIENT)));
    assert!(answer["errors"].is_null(), "{text}: {answer}");
    answer["data"].clone()
}

/// What is wrong with it, in words.
fn wrong(text: &str) -> Vec<String> {
    let (answer, _) = carried_out(text, Some(&parsed(PATIENT)));
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn elements() {
    let given = json!([{"given": ["Peter", "James"]}, {"given": ["Jim"]}, {"given": ["Peter"]}]);
    for (query, expected) in [
        ("{ id active }", json!({"id": "p", "active": true})),
        ("{ resourceType __typename }", json!({"resourceType": "Patient", "__typename": "Patient"})),
        ("{ name { given } }", json!({"name": given})),
        ("{ name { family } }", json!({"name": [{"family": "Chalmers"}, {}, {"family": "Windsor"}]})),
        (
            "{ n: name { g: given } }",
            json!({"n": [{"g": ["Peter", "James"]}, {"g": ["Jim"]}, {"g": ["Peter"]}]}),
        ),
        ("{ telecom { value } photo { url } }", json!({})),
        (
            "{ birthDate _birthDate { extension { valueDateTime } } }",
            json!({"birthDate": "1974-12-25", "_birthDate": {"extension": [{"valueDateTime": "1974-12-25T14:35:45-05:00"}]}}),
        ),
        ("{ name(use: maiden) { _given { id } } }", json!({"name": [{"_given": [{"id": "g"}]}]})),
        ("{ multipleBirthInteger deceasedBoolean }", json!({"multipleBirthInteger": 2})),
        ("{ multipleBirth deceased }", json!({"multipleBirth": 2})),
        (
            "{ contained { resourceType id ... on Organization { name } ... on Patient { active } } }",
            json!({"contained": [{"resourceType": "Organization", "id": "o", "name": "Inside"}]}),
        ),
        (
            "{ ...A } fragment A on Patient { id ...B } fragment B on DomainResource { active }",
            json!({"id": "p", "active": true}),
        ),
        ("{ ... on Practitioner { id } ... { active } }", json!({"active": true})),
        (
            "{ name { use } name { family } }",
            json!({"name": [{"use": "official", "family": "Chalmers"}, {"use": "usual"}, {"use": "maiden", "family": "Windsor"}]}),
        ),
    ] {
        assert_eq!(data(query), expected, "{query}");
    }
}

#[test]
fn digits_stay_as_they_are() {
    let request =
        Request { query: "{ extension(url: \"urn:a\") { valueDecimal } }".to_owned(), ..Request::default() };
    let (query, store, root) = (query(&request).unwrap(), store(), parsed(PATIENT));
    let Answer { data, problems, .. } = answer(&query, Some(&root), &store, &Budget::default()).unwrap();
    assert_eq!(problem::answer(&data, &problems), r#"{"data":{"extension":[{"valueDecimal":1.50}]}}"#);
}

#[test]
fn lists_are_filtered() {
    for (query, expected) in [
        ("{ name(use: official) { family } }", json!({"name": [{"family": "Chalmers"}]})),
        ("{ name(use: [usual, maiden]) { use } }", json!({"name": [{"use": "usual"}, {"use": "maiden"}]})),
        ("{ name(given: \"Peter\") { use } }", json!({"name": [{"use": "official"}, {"use": "maiden"}]})),
        ("{ name(given: \"Peter\", family: \"Windsor\") { use } }", json!({"name": [{"use": "maiden"}]})),
        (
            "{ name(fhirpath: \"family.exists()\") { use } }",
            json!({"name": [{"use": "official"}, {"use": "maiden"}]}),
        ),
        (
            "{ name(fhirpath: \"given.count() = 1 and %resource.active\") { use } }",
            json!({"name": [{"use": "usual"}]}),
        ),
        ("{ name(_offset: 1, _count: 1) { use } }", json!({"name": [{"use": "usual"}]})),
        (
            "{ name { given(_count: 1) } }",
            json!({"name": [{"given": ["Peter"]}, {"given": ["Jim"]}, {"given": ["Peter"]}]}),
        ),
        ("{ name { given(fhirpath: \"$this = 'Jim'\") } }", json!({"name": [{}, {"given": ["Jim"]}, {}]})),
        ("{ name(use: nickname) { use } }", json!({})),
        ("{ extension(valueDecimal: 1.5) { url } }", json!({"extension": [{"url": "urn:a"}]})),
    ] {
        assert_eq!(data(query), expected, "{query}");
    }
}

#[test]
fn directives_change_the_form() {
    for (query, expected) in [
        (
            "{ name @flatten { family given } }",
            json!({"family": ["Chalmers", "Windsor"], "given": ["Peter", "James", "Jim", "Peter"]}),
        ),
        (
            "{ name @first { family given @first } }",
            json!({"name": {"family": "Chalmers", "given": "Peter"}}),
        ),
        ("{ name @first @flatten { family given @first } }", json!({"family": "Chalmers", "given": "Peter"})),
        ("{ name @flatten { given @first } }", json!({"given": ["Peter", "Jim", "Peter"]})),
        ("{ name(use: official) @singleton { family } }", json!({"name": {"family": "Chalmers"}})),
        (
            "{ name @flatten { family(fhirpath: \"$this = 'Windsor'\") @singleton } }",
            json!({"family": "Windsor"}),
        ),
        ("{ contact @flatten { name @flatten { family } } }", json!({"family": ["du Marché", "Other"]})),
        (
            "{ name @slice(path: \"use\") { family } }",
            json!({"name.official": [{"family": "Chalmers"}], "name.usual": [{}], "name.maiden": [{"family": "Windsor"}]}),
        ),
        (
            "{ name @flatten @slice(path: \"use\") { family given } }",
            json!({"family.official": ["Chalmers"], "given.official": ["Peter", "James"], "given.usual": ["Jim"],
                "family.maiden": ["Windsor"], "given.maiden": ["Peter"]}),
        ),
        (
            "{ contact @slice(path: \"$index\") @flatten { telecom @slice(path: \"system\") @singleton { value } } }",
            json!({"telecom.0.phone": {"value": "1"}, "telecom.0.email": {"value": "2"}, "telecom.1.phone": {"value": "3"}}),
        ),
    ] {
        assert_eq!(data(query), expected, "{query}");
    }
}

#[test]
fn references_lead_to_resources() {
    for (query, expected) in [
        (
            "{ managingOrganization { reference resource { ... on Organization { name } } } }",
            json!({"managingOrganization": {"reference": "#o", "resource": {"name": "Inside"}}}),
        ),
        (
            "{ managingOrganization { resource { ... on Organization { partOf { resource { id } } } } } }",
            json!({"managingOrganization": {"resource": {"partOf": {"resource": {"id": "p"}}}}}),
        ),
        (
            "{ generalPractitioner { resource(optional: true) { id ... on Practitioner { name { family } } } } }",
            json!({"generalPractitioner": [{"resource": {"id": "d", "name": [{"family": "Careful"}]}}, {}, {}, {}]}),
        ),
        ("{ generalPractitioner(_count: 1) @flatten { resource @flatten { id } } }", json!({"id": ["d"]})),
    ] {
        assert_eq!(data(query), expected, "{query}");
    }
    // Of another type it is not asked for.
    let text = "{ generalPractitioner { resource(type: Practitioner, optional: true) { id } } }";
    let (answer, wanted) = carried_out(text, Some(&parsed(PATIENT)));
    assert_eq!(answer["data"]["generalPractitioner"][0], json!({"resource": {"id": "d"}}));
    assert!(wanted.is_empty(), "{wanted:?}");
    let (_, wanted) =
        carried_out("{ generalPractitioner { resource(optional: true) { id } } }", Some(&parsed(PATIENT)));
    assert_eq!(wanted.places.iter().map(|place| place.id.as_str().to_owned()).collect::<Vec<_>>(), ["none"]);
}

#[test]
fn searches_are_asked_for() {
    let questions = |text: &str, root: Option<&Document>| {
        let (_, wanted) = carried_out(text, root);
        let told = |question: Question| {
            let parameters: Vec<String> =
                question.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!(
                "{}?{} {}+{} {}",
                question.resource_type,
                parameters.join("&"),
                question.offset,
                question.count,
                question.total
            )
        };
        wanted.questions.into_iter().map(told).collect::<Vec<_>>()
    };
    for (query, expected) in [
        (
            "{ PatientList(name: \"peter\", birthdate: [\"ge2000\", \"lt2010\"]) { id } }",
            "Patient?name=peter&birthdate=ge2000,lt2010 0+20 false",
        ),
        (
            "{ ObservationList(value_quantity: 5, _count: 3, _offset: 2, _sort: \"-date\") { id } }",
            "Observation?value-quantity=5&_sort=-date 2+3 false",
        ),
        ("{ PatientConnection(active: true) { count } }", "Patient?active=true 0+20 true"),
        ("{ PatientConnection { edges { resource { id } } } }", "Patient? 0+20 false"),
    ] {
        assert_eq!(questions(query, None), [expected], "{query}");
    }
    let reverse = "{ ConditionList(_reference: patient, clinical_status: active) { id } }";
    assert_eq!(
        questions(reverse, Some(&parsed(PATIENT))),
        ["Condition?patient=Patient/p&clinical-status=active 0+20 false"]
    );
    let (answer, _) =
        carried_out("{ Patient(id: p) { id } none: Patient(id: \"_\") { id } __typename }", None);
    assert_eq!(answer["data"], json!({"Patient": {"id": "p"}, "__typename": "Query"}));
    assert_eq!(answer["errors"][0]["path"], json!(["none"]));
}

#[test]
fn what_is_wrong_is_told_and_the_rest_answered() {
    let (answer, _) = carried_out("{ id nme { family } }", Some(&parsed(PATIENT)));
    assert_eq!(answer["data"], json!({"id": "p"}));
    let error = &answer["errors"][0];
    assert_eq!(error["locations"], json!([{"line": 1, "column": 6}]));
    assert_eq!(error["path"], json!(["nme"]));
    assert_eq!(error["extensions"]["resource"]["resourceType"], "OperationOutcome");
    for (query, word) in [
        ("{ nme }", "Patient has no element 'nme'"),
        ("{ name { x } }", "HumanName has no element 'x'"),
        ("{ name }", "name has fields"),
        ("{ active { x } }", "simple value"),
        ("{ id { x } }", "simple value"),
        ("{ name(_count: many) { use } }", "_count"),
        ("{ name(fhirpath: \"(\") { use } }", "FHIRPath"),
        ("{ name { given(x: y) } }", "fhirpath"),
        ("{ name @singleton { use } }", "several values"),
        ("{ __schema { types } }", "introspection"),
        ("{ ConditionList { id } }", "_reference"),
        ("{ generalPractitioner(_count: 1) { resource(all: true) { id } } }", "optional"),
        ("{ generalPractitioner { resource { id } } }", "names no resource"),
        ("{ ConditionList(_reference: patient, _offset: 990, _count: 20) { id } }", "_cursor"),
    ] {
        let wrong = wrong(query);
        assert!(wrong.iter().any(|text| text.contains(word)), "{query}: {wrong:?}");
    }
    let (answer, _) = carried_out("{ nothing PatientLists { id } Patient { id } }", None);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 3);
}

#[test]
fn cost_is_bounded() {
    let code = |text: String| {
        let request = Request { query: text, ..Request::default() };
        let (query, store, root) = (query(&request).unwrap(), store(), parsed(PATIENT));
        answer(&query, Some(&root), &store, &Budget::default()).map(|_| ()).map_err(|error| error.code)
    };
    assert_eq!(code("{ ...A } fragment A on Patient { ...A }".to_owned()), Err(Code::TooCostly));
    // Doubles at each step.
    let bomb: String =
        (0..30).map(|at| format!("fragment F{at} on Patient {{ ...F{0} ...F{0} }} ", at + 1)).collect();
    assert_eq!(code(format!("{{ ...F0 }} {bomb} fragment F30 on Patient {{ id }}")), Err(Code::TooCostly));
    let deep =
        "managingOrganization { resource { ... on Organization { partOf { resource { ... on Patient { ";
    assert_eq!(code(format!("{{ {} id {} }}", deep.repeat(7), "}".repeat(42))), Ok(()));
}
