//! Every resource of HL7's package goes from JSON to XML and back without a difference.

mod package;

use fhir::json::{self, Document, Limits};
use fhir::xml;

#[test]
fn json_to_xml_to_json_is_equal() {
    let Some(files) = package::files("hl7.fhir.r4.examples", ".json") else { return };
    let limits = Limits { depth_max: 64, bytes_max: 64 << 20 };
    let mut resources = 0;
    let mut problems = Vec::new();
    for (name, json) in files {
        let document = Document::parse(json, &limits).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Files that describe the package.
        if document.root().get("resourceType").is_none() {
            continue;
        }
        resources += 1;
        for write in [xml::from_json, xml::from_json_pretty] {
            let back = write(document.root()).and_then(|xml| xml::to_json(&xml, &limits));
            match back.map(|back| Document::parse(back, &limits).expect("the reader writes JSON")) {
                Ok(back) if json::equal(back.root(), document.root()) => {}
                Ok(_) => problems.push(format!("{name}: differs")),
                Err(error) => problems.push(format!("{name}: {error}")),
            }
        }
    }
    println!("{resources} resources");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(resources, 5306);
}
