//! Where an element stands, as FHIRPath: `Observation.value`, not `Observation.valueQuantity`.

use crate::definitions::{NameId, TypeId, TypeKind};
use crate::json::{Document, Items, Key, Kind, Members, Node};
use std::fmt::Write;
use std::iter::Enumerate;

/// Gives `found` the location of each of `places`, which are [`Node::index`]es in rising order, in one walk over the
/// document: what has been passed is not looked at again.
pub(super) fn each(document: &Document, places: impl Iterator<Item = u32>, mut found: impl FnMut(&str)) {
    let root = document.root();
    let type_id = resource_type(root);
    let mut path = type_id.map_or("$", TypeId::path).to_owned();
    let mut open = vec![Open::new(root, type_id, path.len())];
    for place in places {
        while open.len() > 1 && open.last().is_some_and(|last| !last.node.holds(place)) {
            open.pop();
        }
        while let Some(last) = open.last_mut() {
            path.truncate(last.path_end);
            let Some(below) = last.towards(place, &mut path) else { break };
            open.push(below);
        }
        found(&path);
    }
}

/// An element on the way to the place looked for.
struct Open<'d> {
    node: Node<'d>,
    /// The type of what is in it.
    type_id: Option<TypeId>,
    /// How much of the path is its own location.
    path_end: usize,
    members: Members<'d>,
    items: Enumerate<Items<'d>>,
}

impl<'d> Open<'d> {
    fn new(node: Node<'d>, type_id: Option<TypeId>, path_end: usize) -> Self {
        Open { node, type_id, path_end, members: node.members(), items: node.items().enumerate() }
    }

    /// The child that is or holds the place, with its name or number added to the path.
    fn towards(&mut self, place: u32, path: &mut String) -> Option<Open<'d>> {
        if self.node.index() == place {
            return None;
        }
        if let Some((key, value)) = self.members.find(|(_, value)| value.holds(place)) {
            let type_id = push_member(path, self.type_id, key);
            return Some(Open::new(value, actual(type_id, value), path.len()));
        }
        let (index, item) = self.items.find(|(_, item)| item.holds(place))?;
        // Writing to a String cannot fail.
        let _ = write!(path, "[{index}]");
        Some(Open::new(item, actual(self.type_id, item), path.len()))
    }
}

/// A resource is of the type it says it is.
fn actual(type_id: Option<TypeId>, node: Node<'_>) -> Option<TypeId> {
    let is_resource = type_id.is_some_and(|id| id.definition().kind == TypeKind::Resource);
    if is_resource && node.kind() == Kind::Object { resource_type(node) } else { type_id }
}

/// Which element a node is an instance of: the type that has the element, and its JSON name (without the underscore of a
/// companion). `None` for the document's root, and below what R4 does not define. `passed` is told of how many elements were
/// passed on the way down from the root.
pub(super) fn element_of(target: Node<'_>, passed: impl Fn(u64)) -> Option<(TypeId, NameId)> {
    let mut at = target.document().root();
    let mut type_id = resource_type(at)?;
    let mut element = None;
    while at.index() != target.index() {
        let (next, name) = child(at, target, &passed)?;
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

fn child<'d>(at: Node<'d>, target: Node<'d>, passed: &impl Fn(u64)) -> Option<(Node<'d>, Option<Key<'d>>)> {
    let members = at.members().map(|(key, value)| (value, Some(key)));
    let mut all = members.chain(at.items().map(|item| (item, None))).enumerate();
    let (before, child) = all.find(|(_, (node, _))| node.holds(target.index()))?;
    passed(before as u64);
    Some(child)
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

fn resource_type(node: Node<'_>) -> Option<TypeId> {
    const RESOURCE_TYPE: NameId = crate::definitions::names::lookup(b"resourceType");
    let name = node.get_name(RESOURCE_TYPE)?.as_str()?;
    TypeId::from_path(&name).filter(|id| id.definition().kind == TypeKind::Resource)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    fn of(node: Node<'_>) -> String {
        let mut path = String::new();
        each(node.document(), [node.index()].into_iter(), |found| path = found.to_owned());
        path
    }

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
