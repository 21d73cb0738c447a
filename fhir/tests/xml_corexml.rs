//! R4's own definitions in XML (`hl7.fhir.r4.corexml`) against the same in JSON (`hl7.fhir.r4.examples`).

mod package;

use fhir::json::{self, Document, Limits, NameId, Node};
use fhir::xml;
use std::collections::BTreeMap;

/// The two packages come from two runs of HL7's publisher: the XML has no narrative, and what carries the time of the run
/// carries another time.
const OF_THE_RUN: [&str; 3] = ["text", "date", "lastUpdated"];

/// The resource without the members that differ by run; those of `meta` too.
fn without_run(resource: Node<'_>) -> Document {
    fn object(node: Node<'_>, out: &mut Vec<u8>) {
        out.push(b'{');
        for (key, value) in node.members().filter(|(key, _)| !OF_THE_RUN.iter().any(|name| key.is(name))) {
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            json::write_string(out, &key.as_str());
            out.push(b':');
            match key.name_id() == NameId::UNKNOWN || !key.is("meta") {
                true => out.extend_from_slice(value.raw()),
                false => object(value, out),
            }
        }
        out.push(b'}');
    }
    let mut out = Vec::new();
    object(resource, &mut out);
    // A meta that held only the time of the run.
    let text = String::from_utf8(out).expect("parts of UTF-8").replace("\"meta\":{},", "");
    Document::parse(text, &Limits::default()).expect("parts of JSON")
}

#[test]
fn xml_says_what_the_json_says() {
    let Some(xml) = package::files("hl7.fhir.r4.corexml", ".xml") else { return };
    let Some(json) = package::files("hl7.fhir.r4.examples", ".json") else { return };
    let json: BTreeMap<String, Vec<u8>> = json.into_iter().collect();
    let limits = Limits::default();
    let (mut pairs, mut identical, mut different) = (0, 0, Vec::new());
    for (name, xml) in &xml {
        let Some(json) = json.get(name) else { continue };
        pairs += 1;
        let read = xml::to_json(xml, &limits).unwrap_or_else(|error| panic!("{name}: {error}"));
        let read = Document::parse(read, &limits).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = Document::parse(json.clone(), &limits).expect("the package has good JSON");
        if json::equal(read.root(), expected.root()) {
            identical += 1;
        } else if !json::equal(without_run(read.root()).root(), without_run(expected.root()).root()) {
            different.push(name.as_str());
        }
    }
    println!(
        "{pairs} pairs: {identical} equal, {} but for the publisher's run, {} differ",
        pairs - identical - different.len(),
        different.len()
    );
    assert!(different.is_empty(), "{different:?}");
    assert_eq!(pairs, 4578);
}
