//! The walk along a plan and FHIRPath's evaluator find the same values: of every search parameter of R4, in every
//! resource of HL7's package.

use super::super::collector::Collector;
use super::super::reference::Bases;
use super::super::wire::Values;
use super::Program;
use crate::definitions::ResourceType;
use crate::json::{Document, Limits, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// One line per value.
fn values(program: &Program, resource: Node<'_>) -> BTreeSet<String> {
    let mut collector = Collector::new(Bases::default(), resource, program.slots());
    program.run(resource, &mut collector);
    let mut bytes = Vec::new();
    collector.finish(&mut bytes);
    format!("{:?}", Values::parse(&bytes).expect("own bytes")).lines().map(str::to_owned).collect()
}

#[test]
fn the_evaluator_finds_what_the_walk_finds() -> anyhow::Result<()> {
    let Some(path) = testkit::outside::package("hl7.fhir.r4.examples-4.0.1") else { return Ok(()) };
    let mut programs: BTreeMap<u16, (Program, Program)> = BTreeMap::new();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(path)?));
    let (mut resources, mut found, mut differences) = (0, 0, Vec::new());
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.display().to_string();
        let mut json = Vec::new();
        entry.read_to_end(&mut json)?;
        let document = Document::parse(json, &Limits::default())?;
        let resource_type = document.root().get("resourceType").and_then(Node::as_str);
        let Some(t) = resource_type.and_then(|name| ResourceType::from_name(&name)) else { continue };
        let (plan, evaluated) =
            programs.entry(t.code()).or_insert_with(|| (Program::of(t), Program::without_plan(t)));
        let (walked, evaluated) = (values(plan, document.root()), values(evaluated, document.root()));
        resources += 1;
        found += walked.len();
        differences
            .extend(walked.difference(&evaluated).map(|line| format!("{name}: only the walk: {line}")));
        differences
            .extend(evaluated.difference(&walked).map(|line| format!("{name}: only evaluated: {line}")));
    }
    println!("{resources} resources, {found} values");
    assert!(resources > 5000 && found > 100_000, "{resources} resources, {found} values");
    assert_eq!(differences, Vec::<String>::new());
    Ok(())
}
