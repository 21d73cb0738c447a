//! XML both ways, beside parsing the same resource as JSON. `cargo bench -p fhir --bench xml`.
//!
//! The whole-bundle case reads a Synthea file of the folder `shared` beside the checkout (`testkit::outside`), and is
//! skipped, saying so, where there is none.

use fhir::json::{Document, Limits};
use fhir::xml;
use std::hint::black_box;
use testkit::{
    outside,
    timing::{Amount, Benches},
};

const PATIENT: &str = r#"{"resourceType":"Patient","id":"example","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Generated <b>narrative</b></div>"},"identifier":[{"use":"usual","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:oid:1.2.36.146.595.217.0.1","value":"12345","period":{"start":"2001-05-06"},"assigner":{"display":"Acme Healthcare"}}],"active":true,"name":[{"use":"official","family":"Chalmers","given":["Peter","James"]},{"use":"usual","given":["Jim"]}],"telecom":[{"use":"home"},{"system":"phone","value":"(03) 5555 6473","use":"work","rank":1}],"gender":"male","birthDate":"1974-12-25","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1974-12-25T14:35:45-05:00"}]},"deceasedBoolean":false,"address":[{"use":"home","type":"both","line":["534 Erewhon St"],"city":"PleasantVille","district":"Rainbow","state":"Vic","postalCode":"3999"}],"managingOrganization":{"reference":"Organization/1"}}"#;

fn bundle() -> Option<String> {
    let folder = outside::shared("data/synthea")?;
    let mut files = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    files.sort();
    std::fs::read_to_string(files.first()?).ok()
}

fn measure(benches: &Benches, name: &str, json: &str) {
    let limits = Limits::default();
    let document = Document::parse(json.to_owned(), &limits).expect("a good example");
    let xml = xml::from_json(document.root()).expect("a good example");
    let compact = xml::to_json(&xml, &limits).expect("what was written");
    let mut group = benches.group(name);
    group.amount(Amount::Bytes(xml.len()));
    group.run(&format!("read {} B of XML", xml.len()), || {
        xml::to_json(black_box(&xml), &limits).expect("what was written")
    });
    group.run(&format!("write {} B of XML", xml.len()), || {
        xml::from_json(black_box(document.root())).expect("a good example")
    });
    group.amount(Amount::Bytes(compact.len()));
    group.run(&format!("parse {} B of JSON", compact.len()), || {
        Document::parse(black_box(compact.clone()), &limits).expect("what was read")
    });
}

fn all(benches: &Benches) {
    measure(benches, "xml, patient", PATIENT);
    if let Some(text) = bundle() {
        measure(benches, "xml, bundle", &text);
    }
}

fn main() {
    all(&Benches::from_arguments());
}
