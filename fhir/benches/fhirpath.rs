//! Single expressions on one Observation: compiled once, evaluated many times, beside a `serde_json::Value` parse of the same
//! bytes in the same run.

use fhir::fhirpath::{Expression, Input, Options};
use fhir::json::{Document, Limits};
use std::hint::black_box;
use testkit::timing::Benches;

const OBSERVATION: &str = include_str!("resources/observation.json");

/// Paths, filters and computations: all items are collected.
const PATHS: [&str; 8] = [
    "Observation.code",
    "Observation.subject.where(resolve() is Patient)",
    "(Observation.value as Quantity) | (Observation.value as SampledData)",
    "Observation.component.code",
    "Observation.code.coding.where(system='http://loinc.org').code",
    "Observation.value.ofType(Quantity).value > 5",
    "Observation.descendants().count()",
    "(Observation.value.ofType(Quantity).value * 1000) / 3",
];

/// Invariants, asked whether they are true.
const CONDITIONS: [&str; 5] = [
    "hasValue() or (children().count() > id.count())",
    "dataAbsentReason.empty() or value.empty()",
    "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()",
    "contained.contained.empty()",
    "status = 'final' and code.exists() and subject.reference.startsWith('Patient/')",
];

fn expressions(benches: &Benches) {
    let document = Document::parse(OBSERVATION, &Limits::default()).expect("JSON");
    let input = Input::resource(document.root());
    let group = benches.group("fhirpath");
    group.run("serde_json value", || serde_json::from_str::<serde_json::Value>(black_box(OBSERVATION)));
    for text in PATHS {
        let expression = Expression::compile_with(text, Options::R4).expect(text);
        println!("{text}: {} items", expression.evaluate(&input).expect(text).len());
        group.run(text, || expression.evaluate(black_box(&input)));
    }
    for text in CONDITIONS {
        let expression = Expression::compile_with(text, Options::R4).expect(text);
        println!("{text}: {}", expression.is_true(&input).expect(text));
        group.run(text, || expression.is_true(black_box(&input)));
    }
    group.run("compile", || Expression::compile(black_box(CONDITIONS[2])));
}

fn main() {
    expressions(&Benches::from_arguments());
}
