//! `_summary` and `_elements`.

mod package;

use fhir::json::{self, Document, Limits};
use fhir::projection::{Error, Projection};

const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"a","meta":{"versionId":"1","tag":[{"code":"t"}]},"text":{"status":"generated","div":"<div>x</div>"},"contained":[{"resourceType":"Basic"}],"status":"final","_status":{"id":"s"},"code":{"text":"c"},"valueQuantity":{"value":1.50},"note":[{"text":"n"}],"interpretation":[{"text":"i"}],"component":[{"code":{"text":"x"},"interpretation":[{"text":"i"}],"valueInteger":1}]}"#;

const TAG: &str =
    r#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}"#;

#[track_caller]
fn gives(summary: &str, elements: &str, json: &str, expected: &str) {
    let document = Document::parse(json.to_owned(), &Limits::default()).unwrap();
    let part = Projection::parse(summary, elements).unwrap().of(document.root());
    assert_eq!(String::from_utf8(part).unwrap(), expected.replace("TAG", TAG));
}

const HEAD: &str =
    r#"{"resourceType":"Observation","id":"a","meta":{"versionId":"1","tag":[TAG,{"code":"t"}]}"#;

#[test]
fn summaries() {
    gives("", "", OBSERVATION, OBSERVATION);
    gives("false", "", OBSERVATION, OBSERVATION);
    gives(
        "true",
        "",
        OBSERVATION,
        &format!(
            r#"{HEAD},"status":"final","_status":{{"id":"s"}},"code":{{"text":"c"}},"valueQuantity":{{"value":1.50}},"component":[{{"code":{{"text":"x"}},"valueInteger":1}}]}}"#
        ),
    );
    gives(
        "text",
        "",
        OBSERVATION,
        &format!(
            r#"{HEAD},"text":{{"status":"generated","div":"<div>x</div>"}},"status":"final","_status":{{"id":"s"}},"code":{{"text":"c"}}}}"#
        ),
    );
    let data = OBSERVATION
        .replace(r#","text":{"status":"generated","div":"<div>x</div>"}"#, "")
        .replace(r#"[{"code":"t"}"#, r#"[TAG,{"code":"t"}"#);
    gives("data", "", OBSERVATION, &data);
}

#[test]
fn elements_with_what_is_mandatory() {
    gives(
        "",
        " value,Observation.note ",
        OBSERVATION,
        &format!(
            r#"{HEAD},"status":"final","_status":{{"id":"s"}},"code":{{"text":"c"}},"valueQuantity":{{"value":1.50}},"note":[{{"text":"n"}}]}}"#
        ),
    );
    gives(
        "",
        "name",
        r#"{"resourceType":"Patient","name":[],"x":1}"#,
        r#"{"resourceType":"Patient","name":[],"meta":{"tag":[TAG]}}"#,
    );
    let tagged = format!(r#"{{"resourceType":"Patient","meta":{{"tag":[{TAG}]}}}}"#);
    gives("", "name", &tagged, &tagged);
}

#[test]
fn paths_name_base_elements_of_their_type() {
    let patient = r#"{"resourceType":"Patient","name":[{"text":"n"}],"contact":[{"name":{"text":"c"},"gender":"male"}]}"#;
    let named = |name: &str| {
        let rest = match name {
            "name" => r#""name":[{"text":"n"}],"#,
            "contact" => r#""contact":[{"name":{"text":"c"},"gender":"male"}],"#,
            _ => "",
        };
        format!(r#"{{"resourceType":"Patient",{rest}"meta":{{"tag":[TAG]}}}}"#)
    };
    for (elements, wanted) in [
        ("contact.name", "contact"),
        ("Patient.contact.name", "contact"),
        ("Patient.name", "name"),
        ("DomainResource.name,Resource.name", "name"),
        ("Observation.name", ""),
        ("Observation.contact.name", ""),
        ("a.b.name", ""),
        ("Patient", ""),
    ] {
        gives("", elements, patient, &named(wanted));
    }
}

#[test]
fn what_is_no_projection() {
    assert_eq!(Projection::parse("maybe", ""), Err(Error::Summary("maybe".into())));
    assert_eq!(Projection::parse("true", "name"), Err(Error::Both));
    assert_eq!(Projection::parse("", "a,b c"), Err(Error::Element { found: "b c".into() }));
    assert_eq!(Projection::parse("", "contact..name"), Err(Error::Element { found: "contact..name".into() }));
    assert_eq!(Projection::parse("", &"a,".repeat(200)), Err(Error::TooMany));
}

#[test]
fn every_resource_has_a_good_part_of_every_kind() {
    let Some(files) = package::files("hl7.fhir.r4.examples", ".json") else { return };
    let limits = Limits { bytes_max: 64 << 20, ..Limits::default() };
    for (name, json) in files {
        let document = Document::parse(json, &limits).unwrap();
        for projection in [
            Projection::Summary,
            Projection::Text,
            Projection::Data,
            Projection::Elements(vec!["name".into()]),
        ] {
            let part = Document::parse(projection.of(document.root()), &limits)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            for (key, value) in
                part.root().members().filter(|(key, _)| projection == Projection::Data && !key.is("meta"))
            {
                let whole = document.root().get(&key.as_str()).unwrap();
                assert!(json::equal(value, whole), "{name}: {key:?}");
            }
            let pretty = Document::parse(fhir::projection::pretty(part.root()), &limits).unwrap();
            assert!(json::equal(pretty.root(), part.root()), "{name}");
        }
    }
}
