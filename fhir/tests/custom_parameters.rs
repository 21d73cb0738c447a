//! Search parameters that are not R4's: what is refused, what is R4's own after all, and that their values come with R4's in one walk.

use fhir::definitions::{ParamId, ResourceType};
use fhir::index::custom::{Definition, Entry, Meaning, Refusal, Set};
use fhir::index::{ExtractOptions, Values, extract};
use fhir::json::{Document, Limits};

fn read(members: &str) -> Result<Meaning, Refusal> {
    let body =
        format!(r#"{{"resourceType":"SearchParameter","url":"http://e/x","status":"active",{members}}}"#);
    Definition::read(Document::parse(body, &Limits::default()).expect("JSON").root())
}

fn members(code: &str, base: &str, kind: &str, expression: &str) -> String {
    format!(r#""code":"{code}","base":["{base}"],"type":"{kind}","expression":"{expression}""#)
}

fn custom(code: &str, base: &str, kind: &str, expression: &str) -> Definition {
    match read(&members(code, base, kind, expression)) {
        Ok(Meaning::Custom(definition)) => definition,
        other => panic!("{expression}: {other:?}"),
    }
}

#[test]
fn what_cannot_be_carried_out_is_refused_with_its_element() {
    for (members, element, why) in [
        (members("x", "Patient", "special", "Patient.name"), "type", "special"),
        (members("x", "Patient", "nothing", "Patient.name"), "type", "nothing"),
        (members("x", "Nothing", "token", "Patient.name"), "base", "Nothing"),
        (members("x", "Patient", "token", "Patient.("), "expression", ""),
        (members("x", "Patient", "token", "Patient.nothing"), "expression", "nothing"),
        (members("x", "Patient", "token", "Observation.code"), "expression", "selects nothing"),
        (members("x", "Patient", "date", "Patient.name"), "expression", "no meaning"),
        (members("x", "Patient", "token", "Patient.gender.nothing()"), "expression", "nothing"),
        (members("x", "Patient", "token", "Patient.id"), "expression", "'id' is set"),
        (members("x", "Patient", "date", "Patient.meta.lastUpdated"), "expression", "'lastUpdated' is set"),
        (members("x", "Patient", "token", "Patient.where(id = 'a').gender"), "expression", "'id' is set"),
        (members("x", "Patient", "date", "today()"), "expression", "today()"),
        (members("x", "Patient", "token", "Patient.descendants().code"), "expression", "descendants()"),
        (members("x", "Patient", "token", "Patient.link.other.resolve().gender"), "expression", "resolve()"),
        (members("x.y", "Patient", "token", "Patient.gender"), "code", "letters"),
        (members("_x", "Patient", "token", "Patient.gender"), "code", "'_'"),
        (members("name", "Patient", "token", "Patient.gender"), "code", "something else"),
        (members("x", "Patient", "composite", "Patient"), "component", "composite"),
        (r#""code":"x","base":["Patient"],"type":"token""#.to_owned(), "expression", "needs it"),
        (
            members("x", "Patient", "token", &format!("Patient.gender{}", " ".repeat(5000))),
            "expression",
            "4096",
        ),
        (members("x", "Patient", "token", &vec!["Patient.gender"; 65].join(" | ")), "expression", "64"),
    ] {
        let refusal = read(&members).expect_err(&members);
        assert!(refusal.expression.ends_with(element), "{members}: {refusal:?}");
        assert!(refusal.text.contains(why), "{members}: {refusal:?}");
    }
}

#[test]
fn what_r4_has_is_r4s() {
    for (code, base, kind, expression) in [
        ("gender", "Patient", "token", "Patient.gender"),
        ("_id", "Patient", "token", "Patient.id"),
        ("_tag", "Patient", "token", "Patient.meta.tag"),
        ("onset-date", "Condition", "date", "Condition.onset.as(Period) | Condition.onset.as(dateTime)"),
    ] {
        assert_eq!(read(&members(code, base, kind, expression)), Ok(Meaning::AsR4), "{code}");
    }
    let inactive = r#"{"resourceType":"SearchParameter","status":"draft","type":"nonsense"}"#;
    let inactive = Document::parse(inactive, &Limits::default()).expect("JSON");
    assert_eq!(Definition::read(inactive.root()), Ok(Meaning::Inactive));
}

#[test]
fn equal_definitions_have_equal_texts_that_say_all() {
    let one = custom("x", "Patient", "reference", "Patient.contact.organization");
    let also = r#""name":"other","description":"other","code":"x","base":["Patient"],"type":"reference","expression":"Patient.contact.organization""#;
    assert_eq!(read(also), Ok(Meaning::Custom(one.clone())));
    assert_eq!(Definition::parse(&one.text()), Ok(one.clone()));
    let composite = r#""code":"x","base":["Observation"],"type":"composite","expression":"Observation.component","component":[
        {"definition":"http://hl7.org/fhir/SearchParameter/clinical-code","expression":"code"},
        {"definition":"http://hl7.org/fhir/SearchParameter/Observation-value-quantity","expression":"value.as(Quantity)"}]"#;
    match read(composite) {
        Ok(Meaning::Custom(definition)) => {
            assert_eq!(Definition::parse(&definition.text()), Ok(definition.clone()));
            assert_ne!(definition.text(), one.text());
        }
        other => panic!("{other:?}"),
    }
    assert!(one.clashes_with(&custom("x", "Patient", "token", "Patient.gender")));
    assert!(!one.clashes_with(&custom("x", "Group", "token", "Group.type")));
}

#[test]
fn a_choice_may_be_written_as_it_is_named_in_json() {
    let date = custom(
        "x",
        "Condition",
        "date",
        "Condition.extension.where(url = 'http://e/a.valueDateTime').valueDateTime",
    );
    let text = date.text();
    assert!(text.contains("where(url = 'http://e/a.valueDateTime').value.ofType(dateTime)"), "{text}");
    assert_eq!(Definition::parse(&text), Ok(date));
    assert!(
        custom("x", "Observation", "quantity", "Observation.component.valueQuantity")
            .text()
            .contains("ofType(Quantity)")
    );
}

fn values(resource: &str, set: Option<&Set>) -> Vec<u8> {
    let document = Document::parse(resource.to_owned(), &Limits::default()).expect("JSON");
    let mut bytes = Vec::new();
    extract(document.root(), &ExtractOptions { custom: set, ..ExtractOptions::default() }, &mut bytes)
        .expect("a resource");
    bytes
}

const PATIENT: &str = r#"{"resourceType":"Patient","gender":"male","multipleBirthInteger":3,"contact":[{"gender":"other",
    "organization":{"reference":"Organization/o"}}],"name":[{"family":"A"}]}"#;

#[test]
fn their_values_come_with_r4s_and_nothing_else_changes() {
    let number = |number: u16| ParamId(ParamId::CUSTOM + number);
    let entries = [
        custom("nth", "Patient", "number", "(Patient.multipleBirth as integer)"),
        custom("contact-gender", "Patient", "token", "Patient.contact.gender"),
        custom("is-third", "Patient", "token", "Patient.multipleBirth = 3"),
        custom(
            "contact-org",
            "DomainResource",
            "reference",
            "Patient.contact.organization | Group.managingEntity",
        ),
    ];
    let all = (0..)
        .zip(entries)
        .map(|(n, definition)| Entry { id: number(n), definition, serves: n != 1 })
        .collect();
    let (set, left_out) = Set::new(7, all);
    assert!(left_out.is_empty() && set.generation() == 7);
    let (plain, with) = (values(PATIENT, None), values(PATIENT, Some(&set)));
    let (plain, with) = (Values::parse(&plain).expect("values"), Values::parse(&with).expect("values"));
    for n in 0..4 {
        assert_eq!((plain.of(number(n)).count(), with.of(number(n)).count()), (0, 1), "{n}");
    }
    let own = with.iter().filter(|(id, _)| !id.is_custom());
    assert_eq!(own.collect::<Vec<_>>(), plain.iter().collect::<Vec<_>>());
    let t = ResourceType::PATIENT;
    let code = |code| Set::find(Some(&set), t, code).map(|one| (one.id, one.url()));
    assert_eq!(code("nth"), Some((number(0), "http://e/x".to_owned())));
    assert_eq!((code("contact-gender"), set.building(t, "contact-gender")), (None, Some(number(1))));
    assert_eq!(code("gender").map(|(_, url)| url), Set::find(None, t, "gender").map(|one| one.url()));
    let observation = r#"{"resourceType":"Binary","contentType":"x"}"#;
    assert_eq!(values(observation, None), values(observation, Some(&set)));
}
