//! Writes the members of a resource that a projection wants.

use super::Projection;
use crate::definitions::names::{self, NameId};
use crate::definitions::{Element, ResourceType, TypeId, TypeKind};
use crate::json::{Kind, Node};

const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");
const ID: NameId = names::lookup(b"id");
const META: NameId = names::lookup(b"meta");
const TAG: NameId = names::lookup(b"tag");

/// <https://hl7.org/fhir/R4/search.html#summary>: how a part is marked as one.
const SUBSETTED: &[u8] =
    br#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}"#;

pub(super) fn write(projection: &Projection, resource: Node<'_>) -> Vec<u8> {
    let name = resource.get_name(RESOURCE_TYPE).and_then(Node::as_str).unwrap_or_default();
    let id = ResourceType::from_name(&name).and_then(|known| TypeId::from_path(known.name()));
    let (Some(id), false) = (id, projection.is_whole()) else { return resource.raw().to_vec() };
    let mut out = Vec::with_capacity(resource.raw().len() + SUBSETTED.len() + 24);
    let mut marked = false;
    out.push(b'{');
    for (key, value) in resource.members() {
        let name = key.name_id();
        let member = id.member(name.element());
        let wanted = match name {
            RESOURCE_TYPE | ID | META => true,
            _ => {
                member.is_some_and(|(element, _)| wants(projection, id, element))
                    || (member.is_none() && *projection == Projection::Data)
            }
        };
        if !wanted {
            continue;
        }
        begin(&mut out, resource, key.span());
        match member {
            _ if name == META => {
                marked = true;
                meta(&mut out, value);
            }
            Some((_, element_type)) if *projection == Projection::Summary && !name.is_companion() => {
                summary(&mut out, element_type.id, value);
            }
            _ => out.extend_from_slice(value.raw()),
        }
    }
    if !marked {
        separate(&mut out);
        out.extend_from_slice(b"\"meta\":{\"tag\":[");
        out.extend_from_slice(SUBSETTED);
        out.extend_from_slice(b"]}");
    }
    out.push(b'}');
    out
}

fn wants(projection: &Projection, id: TypeId, element: &Element) -> bool {
    let named = match projection {
        Projection::Whole => true,
        Projection::Summary => element.summary,
        Projection::Text => element.name == "text",
        Projection::Data => element.name != "text",
        Projection::Elements(names) => names.iter().any(|name| is_named(name, id, element)),
    };
    // Without what is mandatory it would not be a valid resource.
    named || (element.min > 0 && *projection != Projection::Data)
}

/// Whether `name` or `Type.name` is that element of a resource of type `id`.
fn is_named(name: &str, id: TypeId, element: &Element) -> bool {
    match name.split_once('.') {
        None => *name == *element.name,
        Some((of, name)) => *name == *element.name && id.lineage().any(|one| *one.definition().path == *of),
    }
}

/// A value of type `id` with the summary's elements at every level. Documents are bounded in depth, and so is this.
fn summary(out: &mut Vec<u8>, id: TypeId, value: Node<'_>) {
    let complex = matches!(id.definition().kind, TypeKind::Complex | TypeKind::Backbone);
    match value.kind() {
        Kind::Array if complex => {
            out.push(b'[');
            for (position, item) in value.items().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                summary(out, id, item);
            }
            out.push(b']');
        }
        Kind::Object if complex => summary_object(out, id, value),
        _ => out.extend_from_slice(value.raw()),
    }
}

fn summary_object(out: &mut Vec<u8>, id: TypeId, object: Node<'_>) {
    // A data type none of whose elements is marked, such as an Extension, is wanted as it is.
    let marked = |id: TypeId| id.definition().elements.iter().any(|element| element.summary);
    if !id.lineage().any(marked) {
        out.extend_from_slice(object.raw());
        return;
    }
    out.push(b'{');
    for (key, value) in object.members() {
        let Some((element, element_type)) = id.member(key.name_id().element()) else { continue };
        let is_id = element.name == "id";
        if !(element.summary || element.min > 0 || is_id) {
            continue;
        }
        begin(out, object, key.span());
        match key.name_id().is_companion() {
            true => out.extend_from_slice(value.raw()),
            false => summary(out, element_type.id, value),
        }
    }
    out.push(b'}');
}

/// The meta with the tag in front of those it has; one that is there already stays the only one.
fn meta(out: &mut Vec<u8>, meta: Node<'_>) {
    if meta.kind() != Kind::Object {
        out.extend_from_slice(meta.raw());
        return;
    }
    let tags = meta.get_name(TAG).filter(|tags| tags.kind() == Kind::Array);
    let is_subsetted = |tag: Node<'_>| tag.get("code").and_then(Node::as_str).as_deref() == Some("SUBSETTED");
    if tags.is_some_and(|tags| tags.items().any(is_subsetted)) {
        out.extend_from_slice(meta.raw());
        return;
    }
    out.push(b'{');
    for (key, value) in meta.members().filter(|(key, _)| key.name_id() != TAG) {
        begin(out, meta, key.span());
        out.extend_from_slice(value.raw());
    }
    separate(out);
    out.extend_from_slice(b"\"tag\":[");
    out.extend_from_slice(SUBSETTED);
    for tag in tags.into_iter().flat_map(Node::items) {
        out.push(b',');
        out.extend_from_slice(tag.raw());
    }
    out.extend_from_slice(b"]}");
}

/// The name of the next member, as it was written.
fn begin(out: &mut Vec<u8>, object: Node<'_>, key: std::ops::Range<usize>) {
    separate(out);
    out.extend_from_slice(&object.document().source()[key]);
    out.push(b':');
}

fn separate(out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
}
