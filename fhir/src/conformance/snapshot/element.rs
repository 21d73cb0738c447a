//! One ElementDefinition, as properties with the JSON they were read from.

use crate::json::{Document, Limits, Node};
use bytes::Bytes;

/// The properties in the order FHIR defines them, for writing.
const ORDER: [&str; 31] = [
    "representation",
    "sliceName",
    "sliceIsConstraining",
    "label",
    "code",
    "slicing",
    "short",
    "definition",
    "comment",
    "requirements",
    "alias",
    "min",
    "max",
    "base",
    "contentReference",
    "type",
    "defaultValue",
    "meaningWhenMissing",
    "orderMeaning",
    "fixed",
    "pattern",
    "example",
    "minValue",
    "maxValue",
    "maxLength",
    "condition",
    "constraint",
    "mustSupport",
    "isModifier",
    "isSummary",
    "binding",
];

/// Properties whose JSON name carries a type: only one of each may be there.
const CHOICES: [&str; 5] = ["defaultValue", "fixed", "pattern", "minValue", "maxValue"];

/// An ElementDefinition without `id`, `path` and `sliceName`, which its place in the tree tells.
#[derive(Clone, Debug, Default)]
pub struct Element {
    properties: Vec<Property>,
}

#[derive(Clone, Debug)]
struct Property {
    name: Box<str>,
    json: Bytes,
}

/// One of `ElementDefinition.type`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Type {
    pub code: String,
    pub profiles: Vec<String>,
}

impl Element {
    /// Takes the properties; nothing is copied.
    pub fn read(node: Node<'_>) -> Element {
        let source = node.document().source();
        let properties = node
            .members()
            .map(|(key, value)| Property { name: key.as_str().into(), json: source.slice_ref(value.raw()) });
        let placed = |name: &str| matches!(name, "id" | "path" | "sliceName" | "_path" | "_sliceName");
        Element { properties: properties.filter(|property| !placed(&property.name)).collect() }
    }

    /// The JSON of a property.
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        self.properties.iter().find(|property| &*property.name == name).map(|property| &property.json)
    }

    /// Puts a property in place of the one of that name or, for a choice such as `fixedCode`, of any of its types.
    pub fn set(&mut self, name: &str, json: Bytes) {
        if let Some(choice) = choice_of(name) {
            self.properties
                .retain(|property| choice_of(&property.name) != Some(choice) || &*property.name == name);
        }
        match self.properties.iter_mut().find(|property| &*property.name == name) {
            Some(property) => property.json = json,
            None => self.properties.push(Property { name: name.into(), json }),
        }
    }

    pub fn remove(&mut self, name: &str) {
        self.properties.retain(|property| &*property.name != name);
    }

    /// All properties.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.properties.iter().map(|property| (&*property.name, &property.json))
    }

    /// A property that is a string, number or boolean, as text.
    pub fn text(&self, name: &str) -> Option<String> {
        let document = parse(self.get(name)?)?;
        let root = document.root();
        root.as_str().map(String::from).or_else(|| root.number_text().map(String::from))
    }

    pub fn types(&self) -> Vec<Type> {
        let document = self.get("type").and_then(parse);
        let types = document.iter().flat_map(|document| document.root().items());
        types.map(read_type).collect()
    }

    /// Appends the element as JSON, the properties in FHIR's order.
    pub fn write(&self, id: &str, path: &str, slice_name: Option<&str>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        crate::json::write_string(out, id);
        let (before, after): (Vec<_>, Vec<_>) =
            self.sorted().into_iter().partition(|property| order(&property.name) == 0);
        before.iter().for_each(|property| property.write(out));
        member("path", out);
        crate::json::write_string(out, path);
        let mut slice_name = slice_name;
        for property in after {
            // `representation` comes before the slice name, everything else after it.
            if order(&property.name) > 1
                && let Some(name) = slice_name.take()
            {
                write_slice_name(name, out);
            }
            property.write(out);
        }
        if let Some(name) = slice_name {
            write_slice_name(name, out);
        }
        out.push(b'}');
    }

    fn sorted(&self) -> Vec<&Property> {
        let mut sorted: Vec<_> = self.properties.iter().collect();
        sorted.sort_by_key(|property| order(&property.name));
        sorted
    }
}

impl Property {
    fn write(&self, out: &mut Vec<u8>) {
        member(&self.name, out);
        out.extend_from_slice(&self.json);
    }
}

fn member(name: &str, out: &mut Vec<u8>) {
    out.push(b',');
    crate::json::write_string(out, name);
    out.push(b':');
}

fn write_slice_name(name: &str, out: &mut Vec<u8>) {
    member("sliceName", out);
    crate::json::write_string(out, name);
}

/// 0 for what stands before `path`, then FHIR's order.
fn order(name: &str) -> usize {
    let name = name.trim_start_matches('_');
    if matches!(name, "extension" | "modifierExtension") {
        return 0;
    }
    let known = choice_of(name).unwrap_or(name);
    ORDER.iter().position(|one| *one == known).map_or(ORDER.len() + 1, |at| at + 1)
}

/// The choice a name is of: `fixed` of `fixedCode`, `_fixedCode`.
fn choice_of(name: &str) -> Option<&'static str> {
    let name = name.trim_start_matches('_');
    let is_typed = |rest: &str| rest.starts_with(|first: char| first.is_ascii_uppercase());
    CHOICES.into_iter().find(|choice| name.strip_prefix(choice).is_some_and(is_typed))
}

const PROFILE_ELEMENT: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-profile-element";

fn read_type(node: Node<'_>) -> Type {
    let mut companions = node.get("_profile").into_iter().flat_map(Node::items);
    let of_element = |companion: Node<'_>| {
        let mut extensions = companion.get("extension").into_iter().flat_map(Node::items);
        extensions.any(|one| one.get("url").and_then(Node::as_str).is_some_and(|url| url == PROFILE_ELEMENT))
    };
    // What only an element of a profile says of the type adds nothing to the tree.
    let whole = |_: &Node<'_>| !companions.next().is_some_and(of_element);
    let profiles = node.get("profile").into_iter().flat_map(Node::items).filter(whole);
    let profiles = profiles.filter_map(Node::as_str);
    Type {
        code: node.get("code").and_then(Node::as_str).map(String::from).unwrap_or_default(),
        profiles: profiles.map(String::from).collect(),
    }
}

/// A property's JSON was part of a document: it parses again.
pub fn parse(json: &Bytes) -> Option<Document> {
    Document::parse(json.clone(), &Limits::default()).ok()
}
