//! Parsing: our document against `serde_json::Value` (builds everything) and `IgnoredAny` (checks the syntax only).
//!
//! `cargo bench -p fhir --bench json`. The whole-bundle case reads a Synthea file of the folder `shared` beside the
//! checkout (`testkit::outside`), and is skipped, saying so, where there is none.

use bytes::Bytes;
use fhir::json::{Document, Limits};
use serde::de::IgnoredAny;
use std::hint::black_box;
use testkit::{
    outside,
    timing::{Amount, Benches},
};

const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"af5597a6-304d-4c8f-b596-60d17d445714","meta":{"versionId":"1","lastUpdated":"2019-04-30T12:01:02.123Z","profile":["http://hl7.org/fhir/StructureDefinition/bp"]},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel with all children optional"}],"text":"Blood Pressure"},"subject":{"reference":"Patient/018f428e-34f6-4707-8009-5ad742f901e7"},"encounter":{"reference":"Encounter/a87b575f-a10e-4079-9e9e-e378729e422d"},"effectiveDateTime":"2011-10-14T23:37:54+00:00","issued":"2011-10-14T23:37:54.530+00:00","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4","display":"Diastolic Blood Pressure"}],"text":"Diastolic Blood Pressure"},"valueQuantity":{"value":76.35,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic Blood Pressure"}],"text":"Systolic Blood Pressure"},"valueQuantity":{"value":121.50,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}"#;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"example","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Generated <b>narrative<\/b><\/div>"},"identifier":[{"use":"usual","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:oid:1.2.36.146.595.217.0.1","value":"12345","period":{"start":"2001-05-06"},"assigner":{"display":"Acme Healthcare"}}],"active":true,"name":[{"use":"official","family":"Chalmers","given":["Peter","James"]},{"use":"usual","given":["Jim"]}],"telecom":[{"use":"home"},{"system":"phone","value":"(03) 5555 6473","use":"work","rank":1}],"gender":"male","birthDate":"1974-12-25","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1974-12-25T14:35:45-05:00"}]},"deceasedBoolean":false,"address":[{"use":"home","type":"both","line":["534 Erewhon St"],"city":"PleasantVille","district":"Rainbow","state":"Vic","postalCode":"3999"}],"managingOrganization":{"reference":"Organization/1"}}"#;

fn bundle() -> Option<String> {
    let folder = outside::shared("data/synthea")?;
    let mut files = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    files.sort();
    std::fs::read_to_string(files.first()?).ok()
}

fn compare(benches: &Benches, name: &str, text: &str) {
    let mut group = benches.group(name);
    group.amount(Amount::Bytes(text.len()));
    let source = Bytes::copy_from_slice(text.as_bytes());
    let limits = Limits::default();
    group.run("document", || Document::parse(black_box(source.clone()), &limits).expect("a good example"));
    group.run("serde_json::Value", || {
        serde_json::from_slice::<serde_json::Value>(black_box(&source)).expect("a good example")
    });
    group.run("serde_json::IgnoredAny", || {
        serde_json::from_slice::<IgnoredAny>(black_box(&source)).expect("a good example")
    });
}

fn all(benches: &Benches) {
    compare(benches, "observation", OBSERVATION);
    compare(benches, "patient", PATIENT);
    if let Some(text) = bundle() {
        let value: serde_json::Value = serde_json::from_str(&text).expect("Synthea writes JSON");
        compare(benches, "bundle, pretty-printed", &text);
        compare(benches, "bundle, compact", &value.to_string());
    }
}

fn main() {
    all(&Benches::from_arguments());
}
