//! XML both ways, beside parsing the same resource as JSON. `cargo bench -p fhir --bench xml`.
//!
//! The whole-bundle case reads a Synthea file from `/work/shared/data/synthea`, or from the folder `SYNTHEA` names, and is
//! skipped, saying so, where there is none.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fhir::json::{Document, Limits};
use fhir::xml;
use std::{hint::black_box, path::PathBuf};

const PATIENT: &str = r#"{"resourceType":"Patient","id":"example","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Generated <b>narrative</b></div>"},"identifier":[{"use":"usual","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:oid:1.2.36.146.595.217.0.1","value":"12345","period":{"start":"2001-05-06"},"assigner":{"display":"Acme Healthcare"}}],"active":true,"name":[{"use":"official","family":"Chalmers","given":["Peter","James"]},{"use":"usual","given":["Jim"]}],"telecom":[{"use":"home"},{"system":"phone","value":"(03) 5555 6473","use":"work","rank":1}],"gender":"male","birthDate":"1974-12-25","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1974-12-25T14:35:45-05:00"}]},"deceasedBoolean":false,"address":[{"use":"home","type":"both","line":["534 Erewhon St"],"city":"PleasantVille","district":"Rainbow","state":"Vic","postalCode":"3999"}],"managingOrganization":{"reference":"Organization/1"}}"#;

fn bundle() -> Option<String> {
    let folder = std::env::var_os("SYNTHEA").map_or("/work/shared/data/synthea".into(), PathBuf::from);
    let mut files = std::fs::read_dir(&folder).ok()?.flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    files.sort();
    std::fs::read_to_string(files.first()?).ok()
}

fn measure(criterion: &mut Criterion, name: &str, json: &str) {
    let limits = Limits::default();
    let document = Document::parse(json.to_owned(), &limits).expect("a good example");
    let xml = xml::from_json(document.root()).expect("a good example");
    let compact = xml::to_json(&xml, &limits).expect("what was written");
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(xml.len() as u64));
    let id = |what| BenchmarkId::new(what, format!("{} B of XML", xml.len()));
    group.bench_function(id("read XML"), |bencher| {
        bencher.iter(|| xml::to_json(black_box(&xml), &limits).expect("what was written"))
    });
    group.bench_function(id("write XML"), |bencher| {
        bencher.iter(|| xml::from_json(black_box(document.root())).expect("a good example"))
    });
    group.throughput(Throughput::Bytes(compact.len() as u64));
    let id = |what| BenchmarkId::new(what, format!("{} B of JSON", compact.len()));
    group.bench_function(id("parse JSON"), |bencher| {
        bencher.iter(|| Document::parse(black_box(compact.clone()), &limits).expect("what was read"))
    });
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    measure(criterion, "xml, patient", PATIENT);
    match bundle() {
        Some(text) => measure(criterion, "xml, bundle", &text),
        None => eprintln!("skipped: the bundle case, as there is no Synthea folder (set SYNTHEA)"),
    }
}

criterion_group!(xml, benches);
criterion_main!(xml);
