//! A code system from its resource.

use super::concept::{Concept, ConceptProperty, Designation, PropertyType};
use super::hierarchy::Hierarchy;
use super::{CodeSystem, ContentMode};
use crate::json::{Document, Items, Node};
use crate::terminology::code_table::CodeTable;
use crate::terminology::{Error, Limits, member};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

impl CodeSystem {
    /// Compiles a CodeSystem resource. Errors: it has no url, or more concepts than allowed.
    pub(in crate::terminology) fn read(
        document: Arc<Document>,
        limits: &Limits,
    ) -> Result<CodeSystem, Error> {
        let root = document.root();
        let url = member::text(root, "url").ok_or_else(|| problem("", "it has no url"))?;
        let case_sensitive = member::flag(root, "caseSensitive").unwrap_or(true);
        let mut reader = Reader::new(root);
        reader.concepts(root, limits)?;
        let (content, language) = (content_mode(root), member::text(root, "language"));
        if content == ContentMode::Supplement {
            reader.concepts.iter_mut().for_each(|concept| concept.demote_display(language.as_deref()));
        }
        let Reader { properties, concepts, .. } = &reader;
        let table = CodeTable::new(concepts.len(), !case_sensitive, |number| &concepts[number as usize].code);
        let edges = edges(&reader, &table);
        let inactive = (0..).zip(concepts).filter(|(_, one)| is_inactive(one, properties)).map(|(at, _)| at);
        Ok(CodeSystem {
            version: member::text(root, "version"),
            name: member::text(root, "name").or_else(|| member::text(root, "title")),
            supplements: member::text(root, "supplements"),
            value_set: member::text(root, "valueSet"),
            content,
            language,
            url,
            case_sensitive,
            inactive: inactive.collect(),
            all: table.numbers().collect(),
            search: OnceLock::new(),
            bytes: OnceLock::new(),
            hierarchy: Hierarchy::new(concepts.len(), edges),
            table,
            properties: reader.properties,
            concepts: reader.concepts,
            document: document.clone(),
        })
    }
}

fn problem(url: &str, problem: &str) -> Error {
    Error::Resource { resource_type: "CodeSystem", url: url.into(), problem: problem.into() }
}

/// What names a system it supplements is a supplement, whatever it says of its content.
fn content_mode(root: Node<'_>) -> ContentMode {
    if root.get("supplements").is_some() {
        return ContentMode::Supplement;
    }
    match member::text(root, "content").as_deref() {
        Some("complete") => ContentMode::Complete,
        Some("example") => ContentMode::Example,
        Some("fragment") => ContentMode::Fragment,
        Some("supplement") => ContentMode::Supplement,
        _ => ContentMode::NotPresent,
    }
}

fn is_inactive(concept: &Concept, properties: &[Box<str>]) -> bool {
    concept.properties.iter().any(|property| match &*properties[property.code as usize] {
        "inactive" => &*property.text == "true",
        "status" => matches!(&*property.text, "retired" | "inactive"),
        _ => false,
    })
}

/// What concepts say of others: parent, or child, under whatever code the system declares these properties of FHIR
/// (<https://hl7.org/fhir/R4/codesystem-concept-properties.html>), or under the usual codes.
#[derive(Clone, Copy)]
enum Link {
    Parent,
    Child,
}

struct Reader {
    properties: Vec<Box<str>>,
    numbers: BTreeMap<Box<str>, u32>,
    links: BTreeMap<u32, Link>,
    concepts: Vec<Concept>,
    /// The concept each one is nested in.
    nested_in: Vec<Option<u32>>,
}

impl Reader {
    fn new(root: Node<'_>) -> Reader {
        let mut reader = Reader {
            properties: Vec::new(),
            numbers: BTreeMap::new(),
            links: BTreeMap::new(),
            concepts: Vec::new(),
            nested_in: Vec::new(),
        };
        for property in member::list(root, "property") {
            let Some(code) = member::text(property, "code") else { continue };
            let number = reader.property(&code);
            let uri = member::text(property, "uri");
            match uri.as_deref().and_then(|uri| uri.strip_prefix("http://hl7.org/fhir/concept-properties#")) {
                Some("parent") => drop(reader.links.insert(number, Link::Parent)),
                Some("child") => drop(reader.links.insert(number, Link::Child)),
                _ => {}
            }
        }
        reader
    }

    fn property(&mut self, code: &str) -> u32 {
        if let Some(number) = self.numbers.get(code) {
            return *number;
        }
        let number = self.properties.len() as u32;
        match code {
            "parent" | "subsumedBy" => drop(self.links.insert(number, Link::Parent)),
            "child" => drop(self.links.insert(number, Link::Child)),
            _ => {}
        }
        self.properties.push(code.into());
        self.numbers.insert(code.into(), number);
        number
    }

    /// Reads all concepts in document order, without recursion.
    fn concepts(&mut self, root: Node<'_>, limits: &Limits) -> Result<(), Error> {
        let mut open = vec![(None, nested(root))];
        while let Some((parent, waiting)) = open.last_mut() {
            let (parent, next) = (*parent, waiting.as_mut().and_then(Iterator::next));
            let Some(node) = next else {
                open.pop();
                continue;
            };
            let Some(code) = member::text(node, "code") else { continue };
            let number = self.concepts.len();
            if number >= limits.concepts_max {
                let max = limits.concepts_max;
                let what = "concepts of a code system";
                return Err(Error::TooCostly { what, found: number + 1, max, limit: "concepts_max" });
            }
            let concept = self.concept(node, code);
            self.concepts.push(concept);
            self.nested_in.push(parent);
            open.push((Some(number as u32), nested(node)));
        }
        Ok(())
    }

    fn concept(&mut self, node: Node<'_>, code: Box<str>) -> Concept {
        let properties: Box<[_]> =
            member::list(node, "property").filter_map(|property| self.concept_property(property)).collect();
        let says = |names: &[&str], text: &str| {
            let named = |one: &&ConceptProperty| names.contains(&&*self.properties[one.code as usize]);
            properties.iter().filter(named).any(|one| &*one.text == text)
        };
        let has = |name: &str| properties.iter().any(|one| *self.properties[one.code as usize] == *name);
        Concept {
            code,
            display: member::text(node, "display"),
            definition: member::text(node, "definition"),
            designations: member::list(node, "designation").filter_map(Designation::read).collect(),
            is_abstract: says(&["notSelectable", "abstract"], "true"),
            is_deprecated: says(&["status"], "deprecated") || has("deprecationDate"),
            properties,
        }
    }

    fn concept_property(&mut self, node: Node<'_>) -> Option<ConceptProperty> {
        let code = self.property(&member::text(node, "code")?);
        let (suffix, value) = member::choice(node, "value")?;
        let value_type = PropertyType::from_suffix(&suffix)?;
        let raw = std::str::from_utf8(value.raw()).ok()?;
        let coding = (value_type == PropertyType::Coding).then_some(raw);
        let text = match coding {
            Some(_) => member::text(value, "code").unwrap_or_default(),
            None => value.as_str().unwrap_or(Cow::Borrowed(raw)).into(),
        };
        Some(ConceptProperty { code, value_type, text, coding: coding.map(Into::into) })
    }
}

fn nested(node: Node<'_>) -> Option<Items<'_>> {
    node.get("concept").map(Node::items)
}

/// Pairs of parent and child: by nesting, and by properties that name another concept.
fn edges(reader: &Reader, table: &CodeTable) -> Vec<(u32, u32)> {
    let find = |code: &str| table.find(code, |number| &reader.concepts[number as usize].code);
    let mut edges = Vec::new();
    for ((concept, nested_in), own) in reader.concepts.iter().zip(&reader.nested_in).zip(0..) {
        // A code that stands in several places is one concept: the first.
        let first = |code: &str| find(code).unwrap_or(own);
        let number = first(&concept.code);
        edges.extend(nested_in.map(|parent| (first(&reader.concepts[parent as usize].code), number)));
        for property in &concept.properties {
            let Some(link) = reader.links.get(&property.code) else { continue };
            let Some(other) = find(&property.text) else { continue };
            edges.push(match link {
                Link::Parent => (other, number),
                Link::Child => (number, other),
            });
        }
    }
    edges
}
