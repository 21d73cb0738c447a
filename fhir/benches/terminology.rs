//! Terminology: membership, whole operations, text filters, compiling, memory.

use fhir::conformance::{Core, Source};
use fhir::definitions::ResourceType;
use fhir::json::{Document, Limits as JsonLimits};
use fhir::terminology::operation::{self, Request};
use fhir::terminology::{Limits, Membership, Terminology};
use std::hint::black_box;
use std::sync::Arc;
use testkit::timing::Benches;

const ACT_CODE: &str = "http://terminology.hl7.org/ValueSet/v3-ActCode";
const ACT_CODE_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";

fn terminology() -> Terminology {
    Terminology::new(Arc::new(Core), Limits::default())
}

fn parameters(json: &str) -> Document {
    let json = format!(r#"{{"resourceType":"Parameters","parameter":[{json}]}}"#);
    Document::parse(json, &JsonLimits::default()).expect("JSON")
}

fn membership(benches: &Benches) {
    let terminology = terminology();
    let gender = terminology.value_set("http://hl7.org/fhir/ValueSet/administrative-gender").expect("known");
    let act = terminology.value_set(ACT_CODE).expect("known");
    benches.run("contains/4 codes, of a code element", || {
        assert_eq!(gender.contains(None, None, black_box("female")), Membership::In)
    });
    benches.run("contains/1,116 codes, of a Coding", || {
        assert_eq!(act.contains(Some(ACT_CODE_SYSTEM), None, black_box("PUBLICPOL")), Membership::In)
    });
    benches.run("contains/1,116 codes, absent", || {
        assert_eq!(act.contains(Some(ACT_CODE_SYSTEM), None, black_box("ACTIVE")), Membership::NotIn)
    });
    benches.run("value_set, kept", || terminology.value_set(black_box(ACT_CODE)));
}

fn operations(benches: &Benches) {
    let terminology = terminology();
    let validate = format!(
        r#"{{"name":"url","valueUri":"{ACT_CODE}"}},{{"name":"system","valueUri":"{ACT_CODE_SYSTEM}"}},{{"name":"code","valueCode":"PUBLICPOL"}}"#
    );
    let expand = format!(
        r#"{{"name":"url","valueUri":"{ACT_CODE}"}},{{"name":"filter","valueString":"health pol"}},{{"name":"count","valueInteger":20}}"#
    );
    let dicom = format!(
        r#"{{"name":"url","valueUri":"{DICOM}?fhir_vs"}},{{"name":"filter","valueString":"blood flow"}},{{"name":"count","valueInteger":20}}"#
    );
    benches.run("$validate-code", || {
        let parameters = parameters(&validate);
        let request = Request { parameters: parameters.root(), subject: None, now: "2026-01-01T00:00:00Z" };
        operation::validate_code_in_value_set(&terminology, &request).expect("an answer")
    });
    for (name, text) in [("1,116 codes", expand), ("3,156 codes", dicom)] {
        benches.run(&format!("$expand, text filter/{name}"), || {
            let parameters = parameters(&text);
            let request =
                Request { parameters: parameters.root(), subject: None, now: "2026-01-01T00:00:00Z" };
            operation::expand(&terminology, &request).expect("an answer")
        });
    }
}

fn compiling(benches: &Benches) {
    // What is measured is compiling: the documents are inflated and parsed before.
    terminology().value_set(ACT_CODE).expect("known");
    for (name, url) in
        [("v3-ActCode, 1,116 codes", ACT_CODE.to_owned()), ("DCM, 3,156 codes", format!("{DICOM}?fhir_vs"))]
    {
        benches.run(&format!("compile/{name}, with its system"), || {
            terminology().value_set(&url).expect("known")
        });
    }
    let all = Core.canonicals(ResourceType::from_name("ValueSet").expect("a type"));
    let compile = || {
        let terminology = terminology();
        let sets: Vec<_> = all.iter().filter_map(|one| terminology.value_set(&one.url).ok()).collect();
        (terminology, sets)
    };
    benches.run("compile/all 1,316 value sets, with their systems", compile);
    let (terminology, sets) = compile();
    let systems = Core.canonicals(ResourceType::from_name("CodeSystem").expect("a type"));
    let systems = systems.iter().filter_map(|one| terminology.code_system(&one.url, None).ok().flatten());
    let system_bytes: usize = systems.map(|system| system.memory_bytes()).sum();
    let set_bytes: usize = sets.iter().map(|set| set.memory_bytes()).sum();
    println!("memory: {} kB of code systems, {} kB of value sets", system_bytes >> 10, set_bytes >> 10);
}

fn main() {
    let benches = Benches::from_arguments();
    membership(&benches);
    operations(&benches);
    compiling(&benches);
}
