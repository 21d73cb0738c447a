//! Resources validated per second on one core: structure only, full, and full with the profiles of US Core 6.1.0.
//!
//! `cargo bench -p fhir --bench validation`. Synthea's bundles and US Core are read from the folder `shared` beside the
//! checkout (`testkit::outside`). What is not there is left out, saying so; the two resources of the other benches are always
//! measured.

use fhir::conformance::{Core, Layers, Package, Source, package};
use fhir::json::{Document, Limits, Node};
use fhir::outcome::Severity;
use fhir::terminology::Terminology;
use fhir::validation::{Options, Validator, structure};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use testkit::{
    outside,
    timing::{Amount, Benches},
};

const US_CORE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/";

/// Resources as JSON texts, and the profiles each is to fit beside those it names.
type Corpus = Vec<(String, Vec<&'static str>)>;

/// The US Core profile for a resource, by type and category.
fn profile(resource: Node<'_>) -> Option<&'static str> {
    let text = std::str::from_utf8(resource.raw()).ok()?;
    let kind = resource.get("resourceType")?.as_str()?;
    Some(match &*kind {
        "Observation" if text.contains("\"laboratory\"") => "us-core-observation-lab",
        "Observation" if text.contains("\"85354-9\"") => "us-core-blood-pressure",
        "Observation" if text.contains("\"vital-signs\"") => "us-core-vital-signs",
        "Patient" => "us-core-patient",
        "Condition" => "us-core-condition-problems-health-concerns",
        "Encounter" => "us-core-encounter",
        "Immunization" => "us-core-immunization",
        "Procedure" => "us-core-procedure",
        "MedicationRequest" => "us-core-medicationrequest",
        "DiagnosticReport" => "us-core-diagnosticreport-lab",
        "Organization" => "us-core-organization",
        "Practitioner" => "us-core-practitioner",
        _ => return None,
    })
}

/// The resources of three of Synthea's bundles.
fn synthea() -> Option<Corpus> {
    let folder = outside::shared("data/synthea")?;
    let mut files: Vec<_> = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut corpus = Corpus::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "json")).take(3) {
        let bundle = Document::parse(std::fs::read(file).ok()?, &Limits::default()).ok()?;
        for entry in bundle.root().get("entry").into_iter().flat_map(Node::items) {
            let Some(resource) = entry.get("resource") else { continue };
            let value: serde_json::Value = serde_json::from_slice(resource.raw()).ok()?;
            let url = profile(resource).map(|name| &*format!("{US_CORE}{name}").leak());
            corpus.push((value.to_string(), url.into_iter().collect()));
        }
    }
    Some(corpus)
}

fn us_core() -> Option<Package> {
    let file = outside::shared("packages/hl7.fhir.us.core-6.1.0.tgz")?;
    Package::from_tgz(&std::fs::read(file).ok()?, &package::Limits::default()).ok()
}

fn validator(source: Arc<dyn Source>) -> Validator {
    let terminology = Arc::new(Terminology::new(source.clone(), Default::default()));
    Validator::new(source, terminology, Options::default())
}

fn measure(benches: &Benches, name: &str, corpus: &Corpus, us_core: Option<&Validator>) {
    let documents: Vec<_> = corpus
        .iter()
        .map(|(text, profiles)| (Document::parse(text.clone(), &Limits::default()).expect("JSON"), profiles))
        .collect();
    let sources: Vec<_> = corpus.iter().map(|(text, _)| bytes::Bytes::from(text.clone())).collect();
    let core = validator(Arc::new(Core));
    let mut group = benches.group(name);
    group.amount(Amount::Elements(corpus.len()));
    group.run("parse", || {
        sources.iter().filter(|text| Document::parse((*text).clone(), &Limits::default()).is_ok()).count()
    });
    group.run("parse and structure", || {
        let valid = |text: &&bytes::Bytes| {
            let document = Document::parse((*text).clone(), &Limits::default()).expect("JSON");
            structure(document.root(), 100).is_valid()
        };
        sources.iter().filter(valid).count()
    });
    group.run("structure", || {
        documents.iter().filter(|one| structure(black_box(one.0.root()), 100).is_valid()).count()
    });
    group.run("full", || {
        documents.iter().filter(|one| core.validate(black_box(one.0.root()), &[]).is_valid()).count()
    });
    if let Some(us_core) = us_core {
        group.run("full, US Core", || {
            documents.iter().filter(|one| us_core.validate(black_box(one.0.root()), one.1).is_valid()).count()
        });
    }
    report(name, &documents, us_core.unwrap_or(&core));
}

/// What was found in the corpus: a bench of resources that fail at once would say nothing.
fn report(name: &str, documents: &[(Document, &Vec<&'static str>)], validator: &Validator) {
    let mut found: BTreeMap<(Severity, String), usize> = BTreeMap::new();
    let mut valid = 0;
    for (document, profiles) in documents {
        let issues = validator.validate(document.root(), profiles);
        valid += usize::from(issues.is_valid());
        for issue in issues.iter() {
            let text: String = issue.text.chars().take(150).collect();
            *found.entry((issue.severity, text)).or_default() += 1;
        }
    }
    println!("{name}: {valid} of {} valid", documents.len());
    for ((severity, text), count) in found.iter().filter(|((severity, _), _)| *severity >= Severity::Error) {
        println!("  {count} x {}: {text}", severity.code());
    }
}

fn all(benches: &Benches) {
    let us_core =
        us_core().map(|package| validator(Arc::new(Layers::new(vec![Arc::new(package), Arc::new(Core)]))));
    for (name, text) in [
        ("observation", include_str!("resources/observation.json")),
        ("patient", include_str!("resources/patient.json")),
    ] {
        measure(benches, name, &vec![(text.to_owned(), Vec::new())], None);
    }
    let Some(all) = synthea() else { return };
    let observations: Corpus =
        all.iter().filter(|one| one.0.contains("\"resourceType\":\"Observation\"")).cloned().collect();
    measure(benches, "Synthea, Observations", &observations, us_core.as_ref());
    measure(benches, "Synthea, all", &all, us_core.as_ref());
}

fn main() {
    all(&Benches::from_arguments());
}
