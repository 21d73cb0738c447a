//! FHIRPath Patch and the differences of resources, on random patients.

use fhir::{
    json::{self, Document},
    patch::{Class, ErrorKind, Kind, Limits, Patch, diff},
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn document(value: &Value) -> Document {
    Document::parse(value.to_string(), &json::Limits::default()).unwrap()
}

/// An element that may be left out.
fn maybe(
    name: &'static str,
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Vec<(String, Value)>> {
    prop::option::weighted(0.6, value)
        .prop_map(move |value| value.into_iter().map(|value| (name.to_owned(), value)).collect())
}

fn object(members: Vec<Vec<(String, Value)>>) -> Value {
    Value::Object(members.into_iter().flatten().collect())
}

fn text() -> impl Strategy<Value = Value> {
    prop::sample::select(vec!["a", "b", "c", "é\"\\"]).prop_map(Value::from)
}

fn list(item: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec(item, 1..5).prop_map(Value::from)
}

fn extension() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        text().prop_map(|text| ("valueString", text)),
        any::<bool>().prop_map(|flag| ("valueBoolean", flag.into())),
        (0..9u8).prop_map(|n| ("valueInteger", n.into())),
        text().prop_map(|text| ("valueCoding", json!({ "code": text }))),
    ];
    (text(), value).prop_map(|(url, (name, value))| json!({ "url": url, name: value }))
}

fn identifier() -> impl Strategy<Value = Value> {
    let period = maybe("start", text()).prop_map(|start| object(vec![start]));
    (maybe("id", text()), text(), maybe("value", text()), maybe("period", period)).prop_map(
        |(id, system, value, mut period)| {
            period.retain(|(_, period)| period.as_object().is_some_and(|period| !period.is_empty()));
            object(vec![id, vec![("system".to_owned(), system)], value, period])
        },
    )
}

/// A list of primitives of which some have only a companion.
fn given() -> impl Strategy<Value = Vec<(String, Value)>> {
    let one = prop_oneof![
        text().prop_map(|text| (text, Value::Null)),
        extension().prop_map(|extension| (Value::Null, json!({ "extension": [extension] }))),
        (text(), text()).prop_map(|(text, id)| (text, json!({ "id": id }))),
    ];
    prop::collection::vec(one, 0..4).prop_map(|items| {
        let (values, companions): (Vec<Value>, Vec<Value>) = items.into_iter().unzip();
        let member = |name: &str, items: Vec<Value>| {
            items.iter().any(|item| !item.is_null()).then(|| (name.to_owned(), Value::from(items)))
        };
        [member("given", values), member("_given", companions)].into_iter().flatten().collect()
    })
}

fn name() -> impl Strategy<Value = Value> {
    (text(), given()).prop_map(|(family, given)| object(vec![vec![("family".to_owned(), family)], given]))
}

fn contact() -> impl Strategy<Value = Value> {
    (text(), maybe("name", name()), maybe("extension", list(extension()))).prop_map(
        |(gender, name, extension)| object(vec![vec![("gender".to_owned(), gender)], name, extension]),
    )
}

fn patient() -> impl Strategy<Value = Value> {
    let choice = prop_oneof![
        any::<bool>().prop_map(|flag| ("deceasedBoolean".to_owned(), Value::from(flag))),
        text().prop_map(|text| ("deceasedDateTime".to_owned(), text)),
    ];
    let contained = text().prop_map(|text| json!({ "resourceType": "Basic", "id": text, "language": "de" }));
    let other = text().prop_map(|text| json!({ "resourceType": "Organization", "name": text }));
    let parts = (
        maybe("identifier", list(identifier())),
        maybe("name", list(name())),
        maybe("contact", list(contact())),
        maybe("contained", list(prop_oneof![contained, other])),
        maybe("extension", list(extension())),
        maybe("gender", text()),
        maybe("birthDate", text()),
        maybe("_birthDate", extension().prop_map(|extension| json!({ "extension": [extension] }))),
        prop::option::of(choice),
    );
    parts.prop_map(|(a, b, c, d, e, f, g, h, choice)| {
        let own = vec![("resourceType".to_owned(), "Patient".into()), ("id".to_owned(), "p".into())];
        object(vec![own, a, b, c, d, e, f, g, h, choice.into_iter().collect()])
    })
}

fn operation() -> impl Strategy<Value = Value> {
    let path = prop::sample::select(vec![
        "Patient",
        "Patient.name",
        "Patient.name[0]",
        "Patient.name[0].given",
        "Patient.name.given.first()",
        "Patient.identifier",
        "Patient.identifier.where(system = 'a')",
        "Patient.birthDate",
        "Patient.deceased",
        "Patient.contact[0].name.family",
        "Patient.contained[0]",
        "Patient.extension[0].value",
        "'a'",
    ]);
    let value = prop_oneof![
        text().prop_map(|text| json!({ "name": "value", "valueString": text })),
        identifier().prop_map(|value| json!({ "name": "value", "valueIdentifier": value })),
        name().prop_map(|value| json!({ "name": "value", "valueHumanName": value })),
        text().prop_map(|text| json!({ "name": "value", "part": [{ "name": "gender", "valueCode": text }] })),
        Just(json!({ "name": "value", "valueDecimal": 1.5 })),
    ];
    let number = |name: &'static str| (0..4u8).prop_map(move |n| json!({ "name": name, "valueInteger": n }));
    let element =
        prop::sample::select(vec!["name", "identifier", "contact", "gender", "deceased", "id", "extension"])
            .prop_map(|name| json!({ "name": "name", "valueString": name }));
    let parts = prop_oneof![
        (element, value.clone()).prop_map(|(name, value)| ("add", vec![name, value])),
        (number("index"), value.clone()).prop_map(|(index, value)| ("insert", vec![index, value])),
        Just(("delete", vec![])),
        value.prop_map(|value| ("replace", vec![value])),
        (number("source"), number("destination")).prop_map(|(from, to)| ("move", vec![from, to])),
    ];
    (path, parts).prop_map(|(path, (kind, parts))| {
        let mut all = vec![
            json!({ "name": "type", "valueCode": kind }),
            json!({ "name": "path", "valueString": path }),
        ];
        all.extend(parts);
        json!({ "name": "operation", "part": all })
    })
}

fn apply(resource: &Document, patch: Vec<u8>) -> Result<Document, fhir::patch::Error> {
    let patch = Patch::read(Kind::FhirPath, patch, &Limits::default())?;
    let bytes = patch.apply(resource)?;
    Ok(Document::parse(bytes, &json::Limits::default()).expect("what a patch writes is JSON"))
}

/// No empty objects and arrays, and lists of primitives aligned with their companions.
fn well_formed(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(well_formed),
        Value::Object(members) => {
            let aligned = |(name, value): (&String, &Value)| match (value, members.get(&format!("_{name}"))) {
                (Value::Array(items), Some(companions)) => {
                    companions.as_array().is_some_and(|companions| companions.len() == items.len())
                }
                _ => true,
            };
            !members.is_empty() && members.iter().all(aligned) && members.values().all(well_formed)
        }
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_difference_leads_there(one in patient(), other in patient()) {
        let (before, after) = (document(&one), document(&other));
        let patch = diff(&before, &after, &Limits::default()).unwrap();
        let shown = String::from_utf8_lossy(&patch).into_owned();
        let result = apply(&before, patch);
        prop_assert!(result.is_ok(), "{:?}: {}", result, shown);
        let result = result.unwrap();
        prop_assert!(json::equal(result.root(), after.root()), "{:?} by {}", result.root(), shown);
        prop_assert_eq!(diff(&result, &after, &Limits::default()).unwrap(), br#"{"resourceType":"Parameters"}"#);
    }

    #[test]
    fn whatever_is_done_keeps_the_rules_of_json(patient in patient(), operations in prop::collection::vec(operation(), 1..6)) {
        let patch = json!({ "resourceType": "Parameters", "parameter": operations });
        if let Ok(result) = apply(&document(&patient), patch.to_string().into_bytes()) {
            let result: Value = serde_json::from_slice(result.source()).unwrap();
            prop_assert!(well_formed(&result), "{}", result);
            prop_assert_eq!((&result["resourceType"], &result["id"]), (&patient["resourceType"], &patient["id"]));
        }
    }
}

#[test]
fn digits_make_a_difference_and_survive_it() {
    let observation = |value: &str| {
        let text =
            format!(r#"{{"resourceType":"Observation","valueQuantity":{{"value":{value},"unit":"g"}}}}"#);
        Document::parse(text, &json::Limits::default()).unwrap()
    };
    let (before, after) = (observation("1.5"), observation("1.50"));
    let patch = diff(&before, &after, &Limits::default()).unwrap();
    assert!(
        String::from_utf8_lossy(&patch)
            .contains(r#""Observation.value.value"},{"name":"value","valueDecimal":1.50}"#)
    );
    let result = apply(&before, patch).unwrap();
    assert_eq!(result.source(), after.source());
}

#[test]
fn another_resource_is_no_difference() {
    let patient = |id: &str| document(&json!({ "resourceType": "Patient", "id": id }));
    let error = diff(&patient("a"), &patient("b"), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::IdentityChanged("id"));
    let basic = document(&json!({ "resourceType": "Basic", "id": "a" }));
    assert_eq!(diff(&patient("a"), &basic, &Limits::default()).unwrap_err().class(), Class::Unprocessable);
}

#[test]
fn long_lists_of_strangers_cost_too_much() {
    let patient = |prefix: &str| {
        let identifiers: Vec<Value> =
            (0..3_000).map(|n| json!({ "value": format!("{prefix}{n}") })).collect();
        document(&json!({ "resourceType": "Patient", "identifier": identifiers }))
    };
    let error = diff(&patient("a"), &patient("b"), &Limits::default()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooManySteps { .. }), "{error}");
}

#[test]
fn a_path_that_runs_away_is_stopped() {
    let identifiers: Vec<Value> = (0..1_000).map(|n| json!({ "value": n.to_string() })).collect();
    let patient = document(&json!({ "resourceType": "Patient", "identifier": identifiers }));
    let path = "Patient.identifier.where(%resource.identifier.where(%resource.identifier.where(value = 'x').exists()).exists())";
    let patch = json!({ "resourceType": "Parameters", "parameter": [{ "name": "operation", "part": [
        { "name": "type", "valueCode": "delete" }, { "name": "path", "valueString": path }] }] });
    let error = apply(&patient, patch.to_string().into_bytes()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Evaluation(_)), "{error}");
}
