//! Search parameters as users may write them.

use super::super::collector::Collector;
use super::super::reference::Bases;
use super::super::wire::Values;
use super::{Program, Refusal};
use crate::definitions::{Alternative, Component, ParamId, ParamKind, ResourceType, SearchParameter};
use crate::fhirpath_syntax::parse::parse;
use crate::fhirpath_syntax::path::{Path, alternatives};
use crate::json::{Document, Limits};
use std::sync::Arc;

const PATIENT: &str = r#"{"resourceType":"Patient","active":true,"birthDate":"1970-03-04",
    "extension":[{"url":"http://x/race","extension":[
        {"url":"category","valueCoding":{"system":"http://c","code":"2106-3"}},
        {"url":"text","valueString":"White"}]}],
    "name":[{"use":"old","given":["Eve"],"period":{"end":"1990"}},
            {"use":"official","family":"Chalmers","given":["Peter","James"]}],
    "contact":[{"relationship":[{"coding":[{"code":"N"}]}],"name":{"family":"Next"}},
               {"relationship":[{"coding":[{"code":"E"}]}],"name":{"family":"Employer"}}]}"#;
const OBSERVATION: &str = r#"{"resourceType":"Observation","component":[
    {"code":{"coding":[{"code":"8480-6"}]},"valueQuantity":{"value":120}},
    {"code":{"coding":[{"code":"8462-4"}]},"valueQuantity":{"value":80.0}}]}"#;
const BUNDLE: &str = r#"{"resourceType":"Bundle","entry":[
    {"resource":{"resourceType":"Patient","birthDate":"1970"}},
    {"resource":{"resourceType":"Person","birthDate":"1980"}}]}"#;

fn parameter(kind: ParamKind, expression: &'static str, components: Vec<Component>) -> SearchParameter {
    let tree = parse(expression).expect(expression);
    let alternative = |expr| Alternative { expr: Clone::clone(expr), path: Path::of(expr) };
    SearchParameter {
        code: "code".into(),
        id: ParamId::from_code("code").expect("a parameter"),
        kind,
        targets: Arc::default(),
        components: components.into(),
        name: "own".into(),
        expression: Some(expression.into()),
        implied_system: false,
        implied_systems: vec![],
        multiple: true,
        alternatives: alternatives(&tree).into_iter().map(alternative).collect(),
    }
}

/// The values of a parameter and whether the walk found them.
fn extracted(parameter: SearchParameter, json: &'static str) -> (Vec<String>, bool) {
    let document = Document::parse(json, &Limits::default()).expect("JSON");
    let name = document.root().get("resourceType").and_then(|name| name.as_str()).expect("a type");
    let t = ResourceType::from_name(&name).expect("a known type");
    // An extension's value may be of types that have no meaning for the parameter.
    let refused = &mut |_: &SearchParameter, refusal: Refusal| {
        assert!(matches!(refusal, Refusal::NoMeaning { .. }), "{refusal}");
    };
    let program = Program::of_parameters(t, std::iter::once(&parameter), refused);
    let mut collector = Collector::new(Bases::default(), document.root(), program.slots());
    program.run(document.root(), &mut collector);
    let mut bytes = Vec::new();
    assert!(collector.finish(&mut bytes).is_empty());
    let values = Values::parse(&bytes).expect("own bytes");
    (values.iter().map(|(_, value)| value.to_string()).collect(), program.evaluated.is_empty())
}

#[test]
fn any_expression_gives_values() {
    use ParamKind::*;
    for (json, kind, expression, expected, walked) in [
        (
            PATIENT,
            String,
            "Patient.name.where(use = 'official').given[0]",
            &[r#"string "peter" "Peter""#][..],
            false,
        ),
        (
            PATIENT,
            String,
            "Patient.name.where(period.empty()).given.first()",
            &[r#"string "peter" "Peter""#],
            false,
        ),
        (
            PATIENT,
            String,
            "Patient.name.where(use='official').given",
            &[r#"string "peter" "Peter""#, r#"string "james" "James""#],
            true,
        ),
        (
            PATIENT,
            Token,
            "Patient.extension('http://x/race').extension.where(url = 'category').value.code",
            &["token -|2106-3"],
            true,
        ),
        (
            PATIENT,
            Token,
            "Patient.extension('http://x/race').extension('category').value",
            &["token http://c|2106-3"],
            true,
        ),
        (PATIENT, Token, "Patient.birthDate.exists()", &["token -|true"], false),
        (
            PATIENT,
            Token,
            "Patient.deceased.exists() and Patient.deceased != false",
            &["token -|false"],
            false,
        ),
        (PATIENT, Number, "Patient.name.given.count()", &["number \"3\" 3 2.5..3.5"], false),
        (
            PATIENT,
            String,
            "Patient.contact.where(relationship.coding.exists(code = 'N')).name.family",
            &[r#"string "next" "Next""#],
            false,
        ),
        (
            PATIENT,
            String,
            "iif(Patient.active, Patient.name.family & '!', {})",
            &[r#"string "chalmers!" "Chalmers!""#],
            false,
        ),
        (
            PATIENT,
            Date,
            "Patient.birthDate | Patient.name.period.where(end.exists()).end",
            &["date 5356800000..5443200000", "date 631152000000..662688000000"],
            false,
        ),
        (
            OBSERVATION,
            Quantity,
            "Observation.component.where(code.coding.code = '8480-6').value.ofType(Quantity)",
            &[r#"quantity "120" 120 119.5..120.5 -|- -"#],
            false,
        ),
        (
            OBSERVATION,
            Quantity,
            "Observation.component.value",
            &[r#"quantity "120" 120 119.5..120.5 -|- -"#, r#"quantity "80.0" 80 79.95..80.05 -|- -"#],
            true,
        ),
        (BUNDLE, Date, "Bundle.entry.resource.ofType(Patient).birthDate", &["date 0..31536000000"], false),
        (BUNDLE, Date, "Bundle.entry[1].resource.birthDate", &["date 315532800000..347155200000"], false),
    ] {
        let (values, by_walk) = extracted(parameter(kind, expression, Vec::new()), json);
        assert_eq!(
            (values.as_slice(), by_walk),
            (&expected.iter().map(|&one| one.to_owned()).collect::<Vec<_>>()[..], walked),
            "{expression}"
        );
    }
}

#[test]
fn composites_too() {
    let component = |kind, expression: &'static str| Component {
        code: "part",
        kind,
        targets: Arc::default(),
        expression: expression.into(),
    };
    for (expression, walked) in
        [("Observation.component", true), ("Observation.component.where(value.exists())", false)]
    {
        let parts = vec![
            component(ParamKind::Token, "code"),
            component(ParamKind::Quantity, "value.ofType(Quantity)"),
        ];
        let (values, by_walk) = extracted(parameter(ParamKind::Composite, expression, parts), OBSERVATION);
        let expected = [
            r#"composite [0] token -|8480-6 [1] quantity "120" 120 119.5..120.5 -|- -"#,
            r#"composite [0] token -|8462-4 [1] quantity "80.0" 80 79.95..80.05 -|- -"#,
        ];
        assert_eq!((values, by_walk), (expected.map(str::to_owned).to_vec(), walked), "{expression}");
    }
    let odd = vec![component(ParamKind::Token, "code.where(coding.count() = 1)")];
    let (values, by_walk) =
        extracted(parameter(ParamKind::Composite, "Observation.component", odd), OBSERVATION);
    assert_eq!(values, ["composite [0] token -|8480-6", "composite [0] token -|8462-4"]);
    assert!(!by_walk);
}
