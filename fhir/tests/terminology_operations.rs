//! Operations on the resources of `terminology/resources`: each file of `terminology/operations` names an operation, its
//! parameters, and the whole answer or the error.

use fhir::conformance::{Canonical, Core, Layers, Source};
use fhir::definitions::ResourceType;
use fhir::json::{Document, Limits as JsonLimits};
use fhir::terminology::operation::{self, Operation, Request};
use fhir::terminology::{Error, Limits, Terminology};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct Folder(Vec<Arc<Document>>);

impl Folder {
    fn read() -> Folder {
        let texts = files("resources").into_iter().map(|path| std::fs::read(path).unwrap());
        Folder(texts.map(|text| Arc::new(Document::parse(text, &JsonLimits::default()).unwrap())).collect())
    }
}

fn text<'d>(document: &'d Document, name: &str) -> Option<std::borrow::Cow<'d, str>> {
    document.root().get(name).and_then(|node| node.as_str())
}

impl Source for Folder {
    fn find(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Arc<Document>> {
        let is_it = |one: &&Arc<Document>| {
            text(one, "resourceType").as_deref() == Some(resource_type.name())
                && text(one, "url").as_deref() == Some(url)
                && version.is_none_or(|version| text(one, "version").as_deref() == Some(version))
        };
        self.0.iter().find(is_it).cloned()
    }

    fn canonicals(&self, resource_type: ResourceType) -> Vec<Canonical> {
        let own =
            self.0.iter().filter(|one| text(one, "resourceType").as_deref() == Some(resource_type.name()));
        own.map(|one| Canonical {
            url: text(one, "url").unwrap().into(),
            version: text(one, "version").map(Into::into),
        })
        .collect()
    }

    fn revision(&self) -> u64 {
        1
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it"))
        .join("tests/terminology")
        .join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn run(terminology: &Terminology, case: &Value) -> Result<Vec<u8>, Error> {
    let parameters = json!({"resourceType": "Parameters", "parameter": case["parameters"]}).to_string();
    let parameters = Document::parse(parameters, &JsonLimits::default()).unwrap();
    let subject = case
        .get("subject")
        .map(|subject| Arc::new(Document::parse(subject.to_string(), &JsonLimits::default()).unwrap()));
    let request = Request { parameters: parameters.root(), subject, now: "2026-01-02T03:04:05Z" };
    let operation: Operation = match case["operation"].as_str().unwrap() {
        "expand" => operation::expand,
        "lookup" => operation::lookup,
        "subsumes" => operation::subsumes,
        "translate" => operation::translate,
        "ValueSet/validate-code" => operation::validate_code_in_value_set,
        "CodeSystem/validate-code" => operation::validate_code_in_code_system,
        other => panic!("{other}"),
    };
    operation::answer(operation, terminology, &request)
}

#[test]
fn every_case_answers_as_its_file_says() {
    let limits = Limits { expansion_codes_max: 2_000, ..Limits::default() };
    let source = Layers::new(vec![Arc::new(Folder::read()), Arc::new(Core)]);
    let terminology = Terminology::new(Arc::new(source), limits);
    let mut wrong = Vec::new();
    for path in files("operations") {
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let answer = match run(&terminology, &case) {
            Ok(bytes) => json!({"answer": serde_json::from_slice::<Value>(&bytes).unwrap()}),
            Err(error) => {
                json!({"error": {"status": error.status(), "code": error.code(), "text": error.to_string()}})
            }
        };
        let expected = |name: &str| case.get(name) == answer.get(name);
        if !(expected("answer") && expected("error")) {
            wrong.push(format!("{}\n{answer}", path.file_name().unwrap().to_string_lossy()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
