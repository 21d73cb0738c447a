//! The code systems that are implied where an element is a `code`: those of the value set that binds it, as a line each in the order of
//! the elements' paths.

use anyhow::{Context, Result};
use fhir::json::{Document, Limits, Node};
use std::collections::{BTreeMap, BTreeSet};

/// A table of `element, systems` from the lines of the two archives.
pub fn table(structures: &[u8], terminology: &[u8]) -> Result<String> {
    let systems = systems_of_value_sets(terminology)?;
    let mut elements: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for definition in resources(structures, "StructureDefinition") {
        let definition = definition?;
        let root = definition.root();
        if text(root, "derivation").as_deref() == Some("constraint") {
            continue;
        }
        let all = root.get("snapshot").and_then(|snapshot| snapshot.get("element"));
        for element in all.into_iter().flat_map(Node::items) {
            if let Some((path, value_set)) = bound_code(element)
                && let Some(systems) = systems.get(&value_set)
            {
                elements.entry(path).or_default().extend(systems.iter().cloned());
            }
        }
    }
    let line = |(path, systems): (String, BTreeSet<String>)| {
        format!("{path}\t{}\n", systems.into_iter().collect::<Vec<_>>().join(" "))
    };
    Ok(elements.into_iter().map(line).collect())
}

/// Path and value set of an element that is a `code` and bound to that by a required binding.
fn bound_code(element: Node<'_>) -> Option<(String, String)> {
    let is_code = |one: Node<'_>| text(one, "code").as_deref() == Some("code");
    let binding = element.get("binding")?;
    if !element.get("type")?.items().any(is_code) || text(binding, "strength")? != "required" {
        return None;
    }
    let value_set = text(binding, "valueSet")?;
    let value_set = value_set.split('|').next().unwrap_or_default().to_owned();
    Some((text(element, "path")?, value_set))
}

/// By URL the systems that a value set takes codes from; those of value sets that it includes are not among them.
fn systems_of_value_sets(terminology: &[u8]) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for value_set in resources(terminology, "ValueSet") {
        let value_set = value_set?;
        let root = value_set.root();
        let include = root.get("compose").and_then(|compose| compose.get("include"));
        let systems: BTreeSet<String> =
            include.into_iter().flat_map(Node::items).filter_map(|one| text(one, "system")).collect();
        if let Some(url) = text(root, "url").filter(|_| !systems.is_empty()) {
            all.insert(url, systems);
        }
    }
    Ok(all)
}

/// The resources of a type in the lines of an archive.
fn resources<'a>(lines: &'a [u8], resource_type: &'a str) -> impl Iterator<Item = Result<Document>> + 'a {
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let fields = lines.map(|line| line.splitn(4, |byte| *byte == b'\t').collect::<Vec<_>>());
    let wanted = fields.filter(move |fields| fields[0] == resource_type.as_bytes());
    wanted.map(|fields| {
        let json = fields.get(3).context("a line without a resource")?;
        Ok(Document::parse(json.to_vec(), &Limits::default())?)
    })
}

fn text(node: Node<'_>, name: &str) -> Option<String> {
    Some(node.get(name)?.as_str()?.into_owned())
}
