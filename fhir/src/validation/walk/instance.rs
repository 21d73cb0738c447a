//! An element in a resource: a value, its companion, or both.

use crate::definitions::{NameId, TypeId, TypeKind, names};
use crate::json::{Items, Kind, Node};

/// The JSON value of a primitive, as definitions call it.
const VALUE: NameId = names::lookup(b"value");

/// One element of a resource and its type. At least one of the two nodes is there.
#[derive(Clone, Copy)]
pub(in crate::validation) struct Instance<'d> {
    /// The JSON value; of a primitive it may be absent.
    pub value: Option<Node<'d>>,
    /// Id and extensions of a primitive.
    pub companion: Option<Node<'d>>,
    pub type_id: TypeId,
}

impl<'d> Instance<'d> {
    /// An object.
    pub fn object(value: Node<'d>, type_id: TypeId) -> Self {
        Instance { value: Some(value), companion: None, type_id }
    }

    /// The node that stands for the element in messages.
    pub fn node(self) -> Option<Node<'d>> {
        self.value.or(self.companion)
    }

    /// The object that holds the element's children; of a primitive id and extensions only.
    pub fn children(self) -> Option<Node<'d>> {
        match self.is_primitive() {
            true => self.companion,
            false => self.value.filter(|value| value.kind() == Kind::Object),
        }
    }

    pub fn is_primitive(self) -> bool {
        self.type_id.definition().kind == TypeKind::Primitive
    }

    /// The type, of a resource the one it says it is.
    pub fn actual_type(self) -> TypeId {
        if self.type_id.definition().kind != TypeKind::Resource {
            return self.type_id;
        }
        self.value.and_then(resource_type).unwrap_or(self.type_id)
    }

    /// Whether what is of its type may have a child of that JSON name and type.
    pub fn may_have(self, (name, type_id): (NameId, TypeId)) -> bool {
        if name == VALUE && self.is_primitive() {
            return type_id == self.type_id;
        }
        self.actual_type().member(name).is_some_and(|(_, one)| one.id == type_id)
    }

    /// Whether there is a child of that JSON name.
    pub fn has(self, name: NameId) -> bool {
        self.children().is_some_and(|node| node.get_name(name).is_some())
    }

    /// The companion of the child of that JSON name, if it is of a type that may have one and does.
    pub fn companion_of(self, name: NameId, type_id: TypeId) -> Option<Node<'d>> {
        let primitive = type_id.definition().kind == TypeKind::Primitive;
        let companion = NameId(name.0 | NameId::COMPANION);
        self.children().filter(|_| primitive).and_then(|node| node.get_name(companion))
    }

    /// The child elements of that JSON name, without `_`; `type_id` is their type. The `value` of a primitive is the primitive
    /// without its id and extensions.
    pub fn all(self, name: NameId, type_id: TypeId) -> Instances<'d> {
        if name == VALUE && self.is_primitive() {
            return Instances::new(self.value, None, type_id);
        }
        let value = self.children().and_then(|node| node.get_name(name));
        Instances::new(value, self.companion_of(name, type_id), type_id)
    }
}

/// The type a resource says it is, if R4 has it.
pub(in crate::validation) fn resource_type(node: Node<'_>) -> Option<TypeId> {
    const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");
    let name = node.get_name(RESOURCE_TYPE)?.as_str()?;
    TypeId::from_path(&name).filter(|id| id.definition().kind == TypeKind::Resource)
}

/// The instances of one member: a list, or a single one.
#[derive(Clone)]
pub(in crate::validation) struct Instances<'d> {
    single: Option<Instance<'d>>,
    values: Option<Items<'d>>,
    companions: Option<Items<'d>>,
    type_id: TypeId,
}

impl<'d> Instances<'d> {
    /// Pairs a member with its companion.
    pub fn new(value: Option<Node<'d>>, companion: Option<Node<'d>>, type_id: TypeId) -> Self {
        let is_list = |node: &Node<'d>| node.kind() == Kind::Array;
        if value.iter().chain(&companion).any(is_list) {
            let (values, companions) = (value.map(Node::items), companion.map(Node::items));
            return Instances { single: None, values, companions, type_id };
        }
        let single =
            (value.is_some() || companion.is_some()).then_some(Instance { value, companion, type_id });
        Instances { single, values: None, companions: None, type_id }
    }
}

impl<'d> Iterator for Instances<'d> {
    type Item = Instance<'d>;

    fn next(&mut self) -> Option<Instance<'d>> {
        if let Some(single) = self.single.take() {
            return Some(single);
        }
        loop {
            let value = self.values.as_mut().and_then(Iterator::next);
            let companion = self.companions.as_mut().and_then(Iterator::next);
            if value.is_none() && companion.is_none() {
                return None;
            }
            let filled = |node: &Node<'d>| node.kind() != Kind::Null;
            let (value, companion) = (value.filter(filled), companion.filter(filled));
            if value.is_some() || companion.is_some() {
                return Some(Instance { value, companion, type_id: self.type_id });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Document, Limits};

    #[test]
    fn values_and_companions_are_paired() {
        let text = r#"{"given":["a",null,"c"],"_given":[null,{"id":"b"}],"family":"d","_family":{"id":"e"}}"#;
        let document = Document::parse(text, &Limits::default()).expect("JSON");
        let name = Instance::object(document.root(), TypeId::from_path("HumanName").expect("a type"));
        let pairs = |member: &[u8]| {
            let string = TypeId::from_path("string").expect("a type");
            let all = name.all(names::lookup(member), string);
            all.map(|one| (one.value.is_some(), one.companion.is_some())).collect::<Vec<_>>()
        };
        assert_eq!(pairs(b"given"), [(true, false), (false, true), (true, false)]);
        assert_eq!(pairs(b"family"), [(true, true)]);
        assert_eq!(pairs(b"text"), []);
    }
}
