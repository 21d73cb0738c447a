//! What compiling value sets may cost: work and bytes are counted, not time.

use fhir::conformance::{Canonical, Core, Resources, Source};
use fhir::definitions::ResourceType;
use fhir::json::{Document, Limits as JsonLimits};
use fhir::terminology::operation::{self, Request};
use fhir::terminology::{Error, Limits, Membership, Terminology};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const SYSTEM: &str = "http://example.org/system";

/// Resources, and how often they were asked for.
struct Counted {
    resources: Resources,
    finds: Arc<AtomicUsize>,
}

impl Source for Counted {
    fn find(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Arc<Document>> {
        self.finds.fetch_add(1, Ordering::Relaxed);
        self.resources.find(resource_type, url, version)
    }

    fn canonicals(&self, resource_type: ResourceType) -> Vec<Canonical> {
        self.resources.canonicals(resource_type)
    }

    fn revision(&self) -> u64 {
        self.resources.revision()
    }
}

fn document(resource: &Value) -> Arc<Document> {
    Arc::new(Document::parse(resource.to_string(), &JsonLimits::default()).unwrap())
}

fn resources(all: &[Value]) -> Resources {
    let mut resources = Resources::default();
    for one in all {
        assert!(resources.add(document(one)));
    }
    resources
}

fn terminology(all: &[Value], limits: Limits) -> (Terminology, Arc<AtomicUsize>) {
    let finds = Arc::new(AtomicUsize::new(0));
    let source = Counted { resources: resources(all), finds: finds.clone() };
    (Terminology::new(Arc::new(source), limits), finds)
}

fn system(url: &str, codes: usize) -> Value {
    let concepts: Vec<_> = (0..codes).map(|code| json!({"code": format!("c{code}")})).collect();
    json!({"resourceType": "CodeSystem", "url": url, "status": "active", "content": "complete", "concept": concepts})
}

fn value_set(url: &str, compose: Value) -> Value {
    json!({"resourceType": "ValueSet", "url": url, "status": "active", "compose": compose})
}

fn fan(level: usize) -> String {
    format!("http://example.org/fan{level}")
}

/// Value sets each of which imports the next one twice: there are 2^depth paths to the last one.
fn fans(depth: usize) -> Vec<Value> {
    let mut all = vec![system(SYSTEM, 3), value_set(&fan(depth), json!({"include": [{"system": SYSTEM}]}))];
    for level in 0..depth {
        let import = json!({"valueSet": [fan(level + 1)]});
        all.push(value_set(&fan(level), json!({"include": [import, import], "exclude": []})));
    }
    all
}

#[test]
fn a_fan_of_imports_costs_its_value_sets_and_not_its_paths() {
    let (terminology, finds) = terminology(&fans(30), Limits::default());
    let first = terminology.value_set(&fan(0)).unwrap();
    let codes: Vec<_> = first.entries().map(|entry| entry.code().to_owned()).collect();
    assert_eq!(codes, ["c0", "c1", "c2"]);
    let finds = finds.load(Ordering::Relaxed);
    assert!(finds < 100, "{finds} resources were looked for");
    let last = terminology.value_set(&fan(30)).unwrap();
    let (first, last) = (first.memory_bytes(), last.memory_bytes());
    assert!(first < last + 31 * 1_000, "{first} bytes over 30 imports, {last} without");
    assert!(terminology.cached_bytes() < 1 << 20);
}

#[test]
fn a_fan_of_contained_value_sets_too() {
    let mut contained = vec![json!({
        "resourceType": "ValueSet", "id": "f30", "status": "active",
        "compose": {"include": [{"system": SYSTEM}]}
    })];
    for level in 0..30 {
        let import = json!({"valueSet": [format!("#f{}", level + 1)]});
        let compose = json!({"include": [import, import]});
        contained.push(json!({
            "resourceType": "ValueSet", "id": format!("f{level}"), "status": "active", "compose": compose
        }));
    }
    let mut outer = value_set("http://example.org/outer", json!({"include": [{"valueSet": ["#f0"]}]}));
    outer["contained"] = json!(contained);
    let (terminology, finds) = terminology(&[system(SYSTEM, 3), outer], Limits::default());
    assert_eq!(terminology.value_set("http://example.org/outer").unwrap().len(), 3);
    assert!(finds.load(Ordering::Relaxed) < 100);
}

#[test]
fn listed_codes_are_held_once_however_often_they_are_listed() {
    let concepts: Vec<_> = (0..100).map(|code| json!({"code": format!("x{code}")})).collect();
    let include = json!({"system": "http://elsewhere.org", "concept": concepts});
    let set = |times: usize| value_set(&fan(times), json!({"include": vec![include.clone(); times]}));
    let (terminology, _) = terminology(&[set(1), set(50)], Limits::default());
    let (once, often) = (terminology.value_set(&fan(1)).unwrap(), terminology.value_set(&fan(50)).unwrap());
    assert_eq!((once.len(), often.len()), (100, 100));
    assert_eq!(once.memory_bytes(), often.memory_bytes());
}

fn too_costly(terminology: &Terminology, url: &str) -> String {
    match terminology.value_set(url) {
        Err(error @ Error::TooCostly { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_work_of_one_compilation_is_bounded_over_all_it_imports() {
    // A tree, each of its value sets another one: no sharing helps.
    let mut all = vec![system(SYSTEM, 3)];
    for one in 0..50 {
        let imports: Vec<_> = (1..=3).map(|child| 3 * one + child).collect();
        let imports = imports.into_iter().map(|child| match child < 50 {
            true => json!({"valueSet": [fan(child)]}),
            false => json!({"system": SYSTEM}),
        });
        all.push(value_set(&fan(one), json!({"include": imports.collect::<Vec<_>>()})));
    }
    let limits = Limits { compile_steps_max: 300, ..Limits::default() };
    let text = too_costly(&terminology(&all, limits).0, &fan(0));
    assert!(text.contains("compile_steps_max"), "{text}");
    assert_eq!(terminology(&all, Limits::default()).0.value_set(&fan(0)).unwrap().len(), 3);
}

#[test]
fn filters_count_the_concepts_they_look_at() {
    let filter = json!({"property": "code", "op": "regex", "value": "c1.*"});
    let include = json!({"system": SYSTEM, "filter": [filter]});
    let all = [system(SYSTEM, 1_000), value_set(&fan(0), json!({"include": vec![include; 20]}))];
    let limits = Limits { compile_steps_max: 20_000, ..Limits::default() };
    assert!(too_costly(&terminology(&all, limits).0, &fan(0)).contains("compile_steps_max"));
    assert_eq!(terminology(&all, Limits::default()).0.value_set(&fan(0)).unwrap().len(), 111);
}

#[test]
fn the_bytes_of_one_compilation_are_bounded_over_all_it_imports() {
    let text = "long ".repeat(2_000);
    let mut all = Vec::new();
    for level in 0..10 {
        let own = json!({"system": SYSTEM, "concept": [{"code": format!("c{level}"), "display": text}]});
        all.push(value_set(&fan(level), json!({"include": [own, {"valueSet": [fan(level + 1)]}]})));
    }
    all.push(value_set(&fan(10), json!({"include": [{"system": SYSTEM}]})));
    let limits = Limits { compile_bytes_max: 100_000, ..Limits::default() };
    let text = too_costly(&terminology(&all, limits).0, &fan(0));
    assert!(text.contains("compile_bytes_max"), "{text}");
    assert!(terminology(&all, Limits::default()).0.value_set(&fan(0)).is_ok());
}

#[test]
fn what_is_kept_is_bounded_in_bytes() {
    let limits = Limits { cached_bytes_max: 1 << 20, ..Limits::default() };
    let (bounded, free) =
        (Terminology::new(Arc::new(Core), limits), Terminology::new(Arc::new(Core), Limits::default()));
    for canonical in Core.canonicals(ResourceType::from_name("ValueSet").unwrap()) {
        let (bounded_one, free_one) = (bounded.value_set(&canonical.url), free.value_set(&canonical.url));
        assert_eq!(bounded_one.map(|one| one.len()), free_one.map(|one| one.len()), "{}", canonical.url);
        assert!(bounded.cached_bytes() <= 1 << 20, "{}", bounded.cached_bytes());
    }
    assert!(free.cached_bytes() > 1 << 20);
}

#[test]
fn what_is_larger_than_the_cache_is_compiled_and_not_kept() {
    // The system is read anew for every question; within one it is the same, or the exclude would miss.
    let compose = json!({"include": [{"valueSet": [fan(1)]}], "exclude": [{"system": SYSTEM, "concept": [{"code": "c1"}]}]});
    let all = [
        system(SYSTEM, 100),
        value_set(&fan(1), json!({"include": [{"system": SYSTEM}]})),
        value_set(&fan(0), compose),
    ];
    let (terminology, _) = terminology(&all, Limits { cached_bytes_max: 2_000, ..Limits::default() });
    let value_set = terminology.value_set(&fan(0)).unwrap();
    assert_eq!(value_set.contains(Some(SYSTEM), None, "c1"), Membership::NotIn);
    assert_eq!(value_set.len(), 99);
    assert!(terminology.cached_bytes() <= 2_000);
}

#[test]
fn questions_about_unknown_value_sets_fill_no_memory() {
    let (terminology, _) = terminology(&[], Limits { cached_bytes_max: 100_000, ..Limits::default() });
    for one in 0..1_000 {
        assert!(terminology.value_set(&format!("http://nowhere.org/{one}")).is_err());
        assert!(terminology.cached_bytes() <= 100_000);
    }
}

type Operation = fn(&Terminology, &Request<'_>) -> Result<Vec<u8>, Error>;

/// The answer to parameters, all of which the operation is given.
fn ask(operation: Operation, parameters: Vec<Value>) -> Result<Vec<u8>, Error> {
    let (terminology, _) = terminology(&[system(SYSTEM, 3)], Limits::default());
    let parameters = document(&json!({"resourceType": "Parameters", "parameter": parameters}));
    operation(
        &terminology,
        &Request { parameters: parameters.root(), subject: None, now: "2026-01-02T03:04:05Z" },
    )
}

#[test]
fn what_is_asked_of_every_code_is_bounded() {
    let url = || json!({"name": "url", "valueUri": format!("{SYSTEM}?fhir_vs")});
    for (name, text) in [
        ("designation", "de"),
        ("exclude-system", "http://elsewhere.org"),
        ("system-version", "http://elsewhere.org|1"),
        ("check-system-version", "http://elsewhere.org|1"),
        ("force-system-version", "http://elsewhere.org|1"),
    ] {
        let of = |times: usize| {
            let mut parameters = vec![json!({"name": name, "valueString": text}); times];
            parameters.push(url());
            ask(operation::expand, parameters)
        };
        assert!(of(64).is_ok(), "{name}");
        assert!(matches!(of(65), Err(Error::TooCostly { .. })), "{name}");
    }
    let language = |text: String| {
        ask(operation::expand, vec![url(), json!({"name": "displayLanguage", "valueCode": text})])
    };
    assert!(language("de-CH".into()).is_ok());
    assert_eq!(language("a-".repeat(1_000)).unwrap_err().status(), 400);
}

#[test]
fn codings_and_dependencies_are_bounded() {
    let coding = json!({"system": SYSTEM, "code": "c1"});
    let concept = |times: usize| {
        let concept = json!({"coding": vec![coding.clone(); times]});
        json!({"name": "codeableConcept", "valueCodeableConcept": concept})
    };
    let url = json!({"name": "url", "valueUri": format!("{SYSTEM}?fhir_vs")});
    let validate = |times| ask(operation::validate_code_in_value_set, vec![url.clone(), concept(times)]);
    assert!(validate(64).is_ok());
    assert!(matches!(validate(65), Err(Error::TooCostly { .. })));
    let dependency = json!({"name": "dependency", "part": [
        {"name": "element", "valueUri": "http://example.org/element"}, {"name": "concept", "valueCoding": coding}
    ]});
    let translate = |times: usize| {
        let mut parameters = vec![dependency.clone(); times];
        parameters.push(json!({"name": "coding", "valueCoding": coding}));
        parameters.push(json!({"name": "targetsystem", "valueUri": "http://elsewhere.org"}));
        ask(operation::translate, parameters)
    };
    assert!(translate(64).is_ok());
    assert!(matches!(translate(65), Err(Error::TooCostly { .. })));
}
