//! Where an element stands, as FHIRPath: `Observation.value`, not `Observation.valueQuantity`.

use crate::definitions::{NameId, TypeId, TypeKind};
use crate::json::{Key, Kind, Node};
use std::fmt::Write;

/// The location of `target` in its document. For messages: it walks down from the root.
pub(super) fn of(target: Node<'_>) -> String {
    let mut at = target.document().root();
    let mut type_id = resource_type(at);
    let mut path = type_id.map_or("$", TypeId::path).to_owned();
    while at.span() != target.span() {
        let Some((next, name)) = child(at, target) else { break };
        match name {
            Some(key) => type_id = push_member(&mut path, type_id, key),
            None => push_index(&mut path, at, next),
        }
        at = next;
        if type_id.is_some_and(|id| id.definition().kind == TypeKind::Resource) && at.kind() == Kind::Object {
            type_id = resource_type(at);
        }
    }
    path
}

/// Which element a node is an instance of: the type that has the element, and its JSON name (without the underscore of a
/// companion). `None` for the document's root, and below what R4 does not define.
pub(super) fn element_of(target: Node<'_>) -> Option<(TypeId, NameId)> {
    let mut at = target.document().root();
    let mut type_id = resource_type(at)?;
    let mut element = None;
    while at.span() != target.span() {
        let (next, name) = child(at, target)?;
        at = next;
        if let Some(key) = name {
            let name = key.name_id().element();
            element = Some((type_id, name));
            type_id = type_id.member(name)?.1.id;
        }
        if type_id.definition().kind == TypeKind::Resource && at.kind() == Kind::Object {
            type_id = resource_type(at)?;
        }
    }
    element
}

fn child<'d>(at: Node<'d>, target: Node<'d>) -> Option<(Node<'d>, Option<Key<'d>>)> {
    let holds =
        |node: &Node<'_>| node.span().start <= target.span().start && target.span().end <= node.span().end;
    if at.kind() == Kind::Object {
        return at.members().find(|(_, value)| holds(value)).map(|(key, value)| (value, Some(key)));
    }
    at.items().find(holds).map(|item| (item, None))
}

fn push_member(path: &mut String, parent: Option<TypeId>, key: Key<'_>) -> Option<TypeId> {
    path.push('.');
    let member = parent.and_then(|parent| parent.member(key.name_id().element()));
    match member {
        Some((element, _)) => path.push_str(element.name),
        // A hostile key must not make a hostile message.
        None => path.extend(key.as_str().trim_start_matches('_').chars().take(64)),
    }
    member.map(|(_, element_type)| element_type.id)
}

fn push_index(path: &mut String, array: Node<'_>, item: Node<'_>) {
    let index = array.items().take_while(|other| other.span() != item.span()).count();
    // Writing to a String cannot fail.
    let _ = write!(path, "[{index}]");
}

fn resource_type(node: Node<'_>) -> Option<TypeId> {
    const RESOURCE_TYPE: NameId = crate::definitions::names::lookup(b"resourceType");
    let name = node.get_name(RESOURCE_TYPE)?.as_str()?;
    TypeId::from_path(&name).filter(|id| id.definition().kind == TypeKind::Resource)
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::json::{Document, Limits, Node};

    #[test]
    fn elements_have_fhirpath_names() {
        let text = r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation",
            "contained":[{"resourceType":"Patient","_birthDate":{"id":"x"}}],
            "valueQuantity":{"value":1},"nonsense":[[true]]}}]}"#;
        let document = Document::parse(text, &Limits::default()).expect("JSON");
        let get = |node: Node<'_>, name: &str| of(node.get(name).expect(name));
        let entry = document.root().get("entry").and_then(|entry| entry.items().next()).expect("an entry");
        let observation = entry.get("resource").expect("a resource");
        let patient = observation.get("contained").and_then(|all| all.items().next()).expect("a Patient");
        assert_eq!(of(document.root()), "Bundle");
        assert_eq!(get(observation, "valueQuantity"), "Bundle.entry[0].resource.value");
        assert_eq!(get(patient, "_birthDate"), "Bundle.entry[0].resource.contained[0].birthDate");
        assert_eq!(get(observation, "nonsense"), "Bundle.entry[0].resource.nonsense");
    }
}
