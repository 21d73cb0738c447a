//! The invariants of R4's own definitions: they fit its types, and run on its examples.

use fhir::conformance::{Core, Source};
use fhir::definitions::{ResourceType, TypeId};
use fhir::fhirpath::value::Temporal;
use fhir::fhirpath::{Element, Expression, Input, Item, Options};
use fhir::json::{Document, Limits, Node};
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::io::Read;
use testkit::outside;

struct Invariant {
    key: String,
    /// The path of the element it is on.
    path: String,
    expression: Expression,
}

/// The invariants of a StructureDefinition's elements that are written there.
fn invariants(structure: Node<'_>) -> Vec<Invariant> {
    let text =
        |node: Node<'_>, name: &str| node.get(name).and_then(Node::as_str).map(|text| text.into_owned());
    let elements =
        structure.get("snapshot").or(structure.get("differential")).and_then(|view| view.get("element"));
    let mut all = Vec::new();
    for element in elements.iter().flat_map(|elements| elements.items()) {
        let path = text(element, "path").expect("every element has a path");
        for constraint in element.get("constraint").iter().flat_map(|constraints| constraints.items()) {
            let Some(expression) = text(constraint, "expression") else { continue };
            let key = text(constraint, "key").expect("every constraint has a key");
            let expression = Expression::compile_with(&expression, Options::R4)
                .unwrap_or_else(|error| panic!("{key}: {error}"));
            all.push(Invariant { key, path: path.clone(), expression });
        }
    }
    all
}

/// Invariants by the type that defines them: specializations and base types, no profiles.
fn by_type() -> BTreeMap<String, Vec<Invariant>> {
    let structure = ResourceType::from_name("StructureDefinition").expect("a type");
    let documents =
        Core.canonicals(structure).into_iter().filter_map(|one| Core.find(structure, &one.url, None));
    let mut all = BTreeMap::new();
    for document in documents {
        let root = document.root();
        let is =
            |name: &str, value: &str| root.get(name).and_then(Node::as_str).is_some_and(|text| text == value);
        if !is("derivation", "constraint") && !is("kind", "logical") {
            let name = root.get("type").and_then(Node::as_str).expect("a type").into_owned();
            all.insert(name, invariants(root));
        }
    }
    all
}

/// The type of the element at a path; of choice elements none is known.
fn type_at(path: &str) -> Option<TypeId> {
    if let Some(id) = TypeId::from_path(path) {
        return Some(id);
    }
    let (parent, name) = path.rsplit_once('.')?;
    let element = type_at(parent)?.element(name)?;
    (element.types.len() == 1).then(|| element.types[0].id)
}

/// Wrong in R4 as published: a ChargeItemDefinition has no name.
const WRONG: [(&str, &str); 1] = [("cid-0", "ChargeItemDefinition")];

#[test]
fn every_invariant_fits_the_type_it_is_on() {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for invariant in by_type().values().flatten() {
        let Some(type_id) = type_at(&invariant.path) else { continue };
        checked += 1;
        if let Err(error) = invariant.expression.check(type_id)
            && !WRONG.contains(&(&invariant.key, &invariant.path))
        {
            wrong.push(format!(
                "{} on {}: {}: {error}",
                invariant.key,
                invariant.path,
                invariant.expression.text()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 1000, "{checked}");
}

#[test]
fn every_invariant_runs_on_the_examples() -> anyhow::Result<()> {
    let Some(path) = outside::package("hl7.fhir.r4.examples-4.0.1") else { return Ok(()) };
    let all = by_type();
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(path)?));
    let (mut runs, mut errors) = (0, Vec::new());
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.display().to_string();
        if !name.ends_with(".json") {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        let Ok(document) = Document::parse(bytes, &Limits::default()) else { continue };
        let resource = Element::resource(document.root());
        if let Some(type_id) = resource.type_id() {
            let now = Temporal::parse_date_time("2026-11-21T05:45:00.000Z");
            let input = Input { now, ..Input::element(resource) };
            for invariants in type_id.lineage().filter_map(|id| all.get(id.path())) {
                runs += run_all(invariants, &input, &name, &mut errors);
            }
        }
    }
    assert!(errors.is_empty(), "{} errors: {}", errors.len(), errors[..errors.len().min(20)].join("\n"));
    assert!(runs > 100_000, "{runs}");
    Ok(())
}

/// Evaluates each invariant on each element at its path.
fn run_all(invariants: &[Invariant], input: &Input<'_>, name: &str, errors: &mut Vec<String>) -> usize {
    let mut runs = 0;
    for invariant in invariants {
        let places =
            Expression::compile(&invariant.path.replace("[x]", "")).expect("a path is an expression");
        let focuses = places.evaluate(input).expect("a path gives its elements");
        for focus in focuses.iter().filter_map(Item::element) {
            let inner = Input {
                focus: Item::Element(*focus),
                resource: input.focus.element().copied(),
                ..input.clone()
            };
            runs += 1;
            if let Err(error) = invariant.expression.is_true(&inner) {
                errors.push(format!("{name} {} {}: {error}", invariant.key, focus.path()));
            }
        }
    }
    runs
}
