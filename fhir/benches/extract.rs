//! Parse and extraction as multiples of a `serde_json::Value` parse in the same run.

use fhir::definitions::ParamId;
use fhir::index::{ExtractOptions, Values, extract};
use fhir::json::{Document, Limits};
use std::hint::black_box;
use testkit::timing::{Amount, Benches};

const RESOURCES: [(&str, &str); 2] = [
    ("observation", include_str!("resources/observation.json")),
    ("patient", include_str!("resources/patient.json")),
];

const STATUS: ParamId = ParamId::from_code("status").expect("a parameter");
const ABSENT: ParamId = ParamId::from_code("near").expect("a parameter");

fn extraction(benches: &Benches) {
    for (name, json) in RESOURCES {
        let source = bytes::Bytes::from_static(json.as_bytes());
        let mut group = benches.group(name);
        group.amount(Amount::Bytes(json.len()));
        group.run("serde_json value", || serde_json::from_str::<serde_json::Value>(black_box(json)));
        group.run("parse", || Document::parse(source.clone(), &Limits::default()));
        let mut values = Vec::with_capacity(4096);
        group.run("parse and extract", || {
            values.clear();
            let document = Document::parse(source.clone(), &Limits::default()).expect("JSON");
            extract(document.root(), &ExtractOptions::default(), &mut values).expect("a resource");
            values.len()
        });
        let document = Document::parse(source, &Limits::default()).expect("JSON");
        let mut values = Vec::new();
        extract(document.root(), &ExtractOptions::default(), &mut values).expect("a resource");
        group
            .run("read all values", || Values::parse(black_box(&values)).map(|values| values.iter().count()));
        group.run("trust and look one parameter up", || {
            Values::trusted(black_box(&values)).of(black_box(STATUS)).next().is_some()
        });
        group.run("trust and look an absent parameter up", || {
            Values::trusted(black_box(&values)).of(black_box(ABSENT)).next().is_some()
        });
        let read = Values::trusted(&values);
        println!("{name}: {} values, status {}", read.iter().count(), read.of(STATUS).count());
        println!("{name}: {} bytes of JSON, {} bytes of index values", json.len(), values.len());
    }
}

fn main() {
    extraction(&Benches::from_arguments());
}
