//! The elements of an object, each with its value and companion together.

use super::super::error::ErrorKind;
use crate::{
    definitions::{Element, NameId, TypeId, names::lookup},
    json::{self, Kind, Node},
};
use std::borrow::Cow;

const RESOURCE_TYPE: NameId = lookup(b"resourceType");

/// What an object has under one name: an element, or a list of them.
pub struct Field<'d> {
    pub definition: &'static Element,
    /// The JSON name: that of the value, also where there is only a companion.
    pub name: &'static str,
    pub own_type: TypeId,
    items: Vec<Item<'d>>,
}

/// One element.
#[derive(Clone, Copy)]
pub struct Item<'d> {
    pub value: Option<Node<'d>>,
    pub companion: Option<Node<'d>>,
}

impl<'d> Field<'d> {
    /// All fields of an object, in its order.
    pub fn all(object: Node<'d>, own_type: TypeId) -> Result<Vec<Field<'d>>, ErrorKind> {
        let mut fields: Vec<Field<'d>> = vec![];
        for (key, value) in object.members().filter(|(key, _)| key.name_id() != RESOURCE_TYPE) {
            let unknown = || ErrorKind::BadResource(format!("unknown element at {}", value.path()));
            let id = key.name_id().element();
            let (definition, choice) = own_type.member(id).ok_or_else(unknown)?;
            let name = id.name().ok_or_else(unknown)?;
            let at = match fields.iter().position(|field| field.name == name) {
                Some(at) => at,
                None => {
                    fields.push(Field { definition, name, own_type: choice.id, items: vec![] });
                    fields.len() - 1
                }
            };
            fields[at].put(value, key.name_id().is_companion())?;
        }
        Ok(fields)
    }

    fn put(&mut self, value: Node<'d>, companion: bool) -> Result<(), ErrorKind> {
        let values: Vec<Node<'d>> = match (self.definition.repeats(), value.kind()) {
            (true, Kind::Array) => value.items().collect(),
            (false, kind) if kind != Kind::Array => vec![value],
            _ => return Err(ErrorKind::BadResource(format!("a list, or none, at {}", value.path()))),
        };
        for (at, node) in values.into_iter().enumerate() {
            if at == self.items.len() {
                self.items.push(Item { value: None, companion: None });
            }
            let said = Some(node).filter(|node| node.kind() != Kind::Null);
            match companion {
                false => self.items[at].value = said,
                true => self.items[at].companion = said,
            }
        }
        Ok(())
    }

    /// The element, or the elements of the list in order.
    pub fn items(&self) -> &[Item<'d>] {
        &self.items
    }
}

impl<'d> Item<'d> {
    /// Whether both say the same, digit by digit.
    pub fn equals(&self, other: &Item<'_>) -> bool {
        let same = |one: Option<Node<'_>>, other: Option<Node<'_>>| match (one, other) {
            (None, None) => true,
            (Some(one), Some(other)) => json::equal(one, other),
            _ => false,
        };
        same(self.value, other.value) && same(self.companion, other.companion)
    }

    /// The object of a complex element.
    pub fn object(&self) -> Option<Node<'d>> {
        self.value.filter(|value| value.kind() == Kind::Object)
    }

    /// The element's id.
    pub fn id(&self) -> Option<Cow<'d, str>> {
        self.object().or(self.companion)?.get("id")?.as_str()
    }

    /// How long its JSON is.
    pub fn bytes(&self) -> usize {
        [self.value, self.companion].into_iter().flatten().map(|node| node.raw().len()).sum()
    }
}
