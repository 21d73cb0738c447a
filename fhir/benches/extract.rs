//! Parse and extraction as multiples of a `serde_json::Value` parse in the same run.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fhir::definitions::ParamId;
use fhir::index::{ExtractOptions, Values, extract};
use fhir::json::{Document, Limits};
use std::hint::black_box;

const RESOURCES: [(&str, &str); 2] = [
    ("observation", include_str!("resources/observation.json")),
    ("patient", include_str!("resources/patient.json")),
];

const STATUS: ParamId = ParamId::from_code("status").expect("a parameter");
const ABSENT: ParamId = ParamId::from_code("near").expect("a parameter");

fn extraction(criterion: &mut Criterion) {
    for (name, json) in RESOURCES {
        let source = bytes::Bytes::from_static(json.as_bytes());
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(json.len() as u64));
        group.bench_function("serde_json value", |bench| {
            bench.iter(|| serde_json::from_str::<serde_json::Value>(black_box(json)))
        });
        group.bench_function("parse", |bench| {
            bench.iter(|| Document::parse(source.clone(), &Limits::default()))
        });
        group.bench_function("parse and extract", |bench| {
            let mut values = Vec::with_capacity(4096);
            bench.iter(|| {
                values.clear();
                let document = Document::parse(source.clone(), &Limits::default()).expect("JSON");
                extract(document.root(), &ExtractOptions::default(), &mut values).expect("a resource");
                values.len()
            });
        });
        let document = Document::parse(source, &Limits::default()).expect("JSON");
        let mut values = Vec::new();
        extract(document.root(), &ExtractOptions::default(), &mut values).expect("a resource");
        group.bench_function("read all values", |bench| {
            bench.iter(|| Values::parse(black_box(&values)).map(|values| values.iter().count()))
        });
        group.bench_function("trust and look one parameter up", |bench| {
            bench.iter(|| Values::trusted(black_box(&values)).of(black_box(STATUS)).next().is_some())
        });
        group.bench_function("trust and look an absent parameter up", |bench| {
            bench.iter(|| Values::trusted(black_box(&values)).of(black_box(ABSENT)).next().is_some())
        });
        let read = Values::trusted(&values);
        println!("{name}: {} values, status {}", read.iter().count(), read.of(STATUS).count());
        println!("{name}: {} bytes of JSON, {} bytes of index values", json.len(), values.len());
    }
}

criterion_group!(benches, extraction);
criterion_main!(benches);
