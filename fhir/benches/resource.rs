//! What a write does with the parsed resource, and a transaction with its references.
//!
//! `cargo bench -p fhir --bench resource`. The bundle case is skipped, saying so, without a Synthea folder (see `json.rs`).

use bytes::Bytes;
use fhir::{
    bundle::{Bundle, Limits},
    json::{self, Document},
    patch::{self, Kind, Patch},
    resource::{Envelope, stored, unchanged},
};
use std::{collections::HashMap, hint::black_box};
use testkit::{
    outside,
    timing::{Amount, Benches},
};

const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"af5597a6-304d-4c8f-b596-60d17d445714","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/bp"]},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel with all children optional"}],"text":"Blood Pressure"},"subject":{"reference":"Patient/018f428e-34f6-4707-8009-5ad742f901e7"},"encounter":{"reference":"Encounter/a87b575f-a10e-4079-9e9e-e378729e422d"},"effectiveDateTime":"2011-10-14T23:37:54+00:00","issued":"2011-10-14T23:37:54.530+00:00","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4","display":"Diastolic Blood Pressure"}],"text":"Diastolic Blood Pressure"},"valueQuantity":{"value":76.35,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic Blood Pressure"}],"text":"Systolic Blood Pressure"},"valueQuantity":{"value":121.50,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}"#;
const MS: u64 = 1_795_224_932_123;

fn parse(source: impl Into<Bytes>) -> Document {
    Document::parse(source, &json::Limits::default()).expect("a good example")
}

fn one_resource(benches: &Benches) {
    let document = parse(OBSERVATION);
    let resource = document.root();
    let old = Bytes::from(stored(resource, "af5597a6-304d-4c8f-b596-60d17d445714", 1, MS));
    let group = benches.group("observation");
    group.run("envelope", || Envelope::read(black_box(resource)));
    group.run("stored", || stored(black_box(resource), "server-assigned", 7, MS));
    group.run("unchanged", || unchanged(&old, black_box(resource), "af5597a6-304d-4c8f-b596-60d17d445714"));
}

const OPERATIONS: &str = r#"[{"op":"test","path":"/status","value":"final"},{"op":"replace","path":"/component/1/valueQuantity/value","value":122.50},{"op":"add","path":"/note","value":[{"text":"again"}]}]"#;
const MERGE: &str = r#"{"status":"amended","note":[{"text":"again"}]}"#;
const FHIRPATH: &str = r#"{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Observation.component[1].value.value"},{"name":"value","valueDecimal":122.50}]}]}"#;

/// From the stored bytes to the new ones, as the actor does it; the crate on `serde_json::Value` for comparison, which loses the
/// digits of decimals and the order of members.
fn patches(benches: &Benches) {
    let read =
        |kind, body: &'static str| Patch::read(kind, body, &patch::Limits::default()).expect("a patch");
    let group = benches.group("patch of an observation");
    for (name, kind, body) in [
        ("json", Kind::Json, OPERATIONS),
        ("merge", Kind::Merge, MERGE),
        ("fhirpath", Kind::FhirPath, FHIRPATH),
    ] {
        let patch = read(kind, body);
        group.run(name, || patch.apply(&parse(black_box(OBSERVATION))));
        group.run(&format!("read {name}"), || read(kind, black_box(body)));
    }
    let operations: json_patch::Patch = serde_json::from_str(OPERATIONS).expect("a patch");
    group.run("json, crate on Value", || {
        let mut value: serde_json::Value = serde_json::from_str(black_box(OBSERVATION)).expect("JSON");
        json_patch::patch(&mut value, &operations).expect("it fits");
        serde_json::to_vec(&value)
    });
    group.run("serde_json::Value", || serde_json::from_str::<serde_json::Value>(black_box(OBSERVATION)));
}

fn bundle() -> Option<Vec<u8>> {
    let folder = outside::shared("data/synthea")?;
    let mut files = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    files.sort();
    std::fs::read(files.first()?).ok()
}

fn transaction(benches: &Benches) {
    let Some(bytes) = bundle() else { return };
    let document = parse(bytes);
    let bundle = Bundle::read(&document, &Limits::default()).expect("a transaction");
    let targets: HashMap<&str, String> = bundle
        .entries
        .iter()
        .filter_map(|entry| Some((entry.full_url.as_deref()?, "Patient/1".to_owned())))
        .collect();
    let mut group = benches.group(format!("bundle of {} entries", bundle.entries.len()));
    group.amount(Amount::Elements(bundle.entries.len()));
    group.run("read", || Bundle::read(black_box(&document), &Limits::default()));
    group.run("rewrite all references", || {
        let rewrite = |entry: &fhir::bundle::Entry<'_>| {
            bundle.rewrite(entry, entry.resource?, &|text| targets.get(text).cloned())
        };
        bundle.entries.iter().filter_map(rewrite).map(|bytes| bytes.len()).sum::<usize>()
    });
}

fn main() {
    let benches = Benches::from_arguments();
    one_resource(&benches);
    patches(&benches);
    transaction(&benches);
}
