//! <https://hl7.org/fhir/R4/search.html#reference>

use super::super::collector::Collector;
use super::super::reference::{ReferenceText, parse_reference, split_version};
use super::super::value::Value;
use super::{Convert, text};
use crate::definitions::ResourceType;
use crate::definitions::names::{self, NameId};
use crate::json::Node;

const REFERENCE: NameId = names::lookup(b"reference");
const IDENTIFIER: NameId = names::lookup(b"identifier");
const SYSTEM: NameId = names::lookup(b"system");
const VALUE: NameId = names::lookup(b"value");
const ID: NameId = names::lookup(b"id");
const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");

pub(super) fn converter(type_name: &str) -> Option<Convert> {
    Some(match type_name {
        "Reference" => reference,
        "canonical" => canonical,
        "uri" => uri,
        "Resource" => inline,
        _ => return None,
    })
}

fn reference(value: Node<'_>, out: &mut Collector<'_, '_>) {
    if let Some(text) = text(value, REFERENCE) {
        add(&text, out);
    }
    if let Some(identifier) = value.get_name(IDENTIFIER) {
        let (system, value) = (text(identifier, SYSTEM), text(identifier, VALUE));
        if system.is_some() || value.is_some() {
            out.add(Value::ReferenceIdentifier { system: system.as_deref(), value: value.as_deref() });
        }
    }
}

/// References to contained resources cannot be searched by id: the id is no one else's business. What is asked of those resources is found through it.
fn add(text: &str, out: &mut Collector<'_, '_>) {
    match parse_reference(text, out.bases) {
        ReferenceText::Local { resource_type, id, version } => {
            out.add(Value::Reference { type_code: resource_type.code(), id, version });
        }
        ReferenceText::Url { url, resource_type } => {
            let (url, version) = split_version(url);
            out.add(Value::ReferenceUrl {
                type_code: resource_type.map_or(0, ResourceType::code),
                url,
                version,
            });
        }
        ReferenceText::Conditional(url) => out.add(Value::ReferenceUrl { type_code: 0, url, version: None }),
        ReferenceText::Contained("") => {}
        ReferenceText::Contained(id) => out.add(Value::ReferenceContained(id)),
    }
}

fn canonical(value: Node<'_>, out: &mut Collector<'_, '_>) {
    let Some(text) = value.as_str() else { return out.note(value, "not a text") };
    let (url, version) = text.split_once('|').map_or((&*text, None), |(url, version)| (url, Some(version)));
    out.add(Value::ReferenceUrl { type_code: 0, url, version });
}

fn uri(value: Node<'_>, out: &mut Collector<'_, '_>) {
    match value.as_str() {
        Some(text) => add(&text, out),
        None => out.note(value, "not a text"),
    }
}

/// A resource in place of a reference: the first entry of a document or message bundle.
fn inline(value: Node<'_>, out: &mut Collector<'_, '_>) {
    let resource_type = text(value, RESOURCE_TYPE).and_then(|name| ResourceType::from_name(&name));
    if let (Some(resource_type), Some(id)) = (resource_type, text(value, ID))
        && out.targets.contains(&resource_type)
    {
        out.add(Value::Reference { type_code: resource_type.code(), id: &id, version: None });
    }
}
