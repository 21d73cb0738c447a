//! What may stand in an object of a type, as a small hash table per type.

use super::primitive::Primitive;
use crate::definitions::{Element, NameId, TypeId, TypeKind};
use std::sync::LazyLock;

/// The members of an object of one type, inherited ones included.
pub(super) struct Shape {
    pub id: TypeId,
    /// Open addressing by name; a power of two, at least twice the number of members.
    slots: Box<[Option<Member>]>,
    /// Elements in the order of bits of `required` and of [`Member::element`].
    elements: Box<[&'static Element]>,
    /// The elements that must be there.
    pub required: u128,
}

/// One JSON member.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub name: NameId,
    /// Which element of the shape it is: several names are one element when the type is in the name.
    pub element: u8,
    pub array: bool,
    pub choice: bool,
    pub content: Content,
}

/// What the value is.
#[derive(Clone, Copy)]
pub(super) enum Content {
    Primitive(Primitive),
    /// An object of the type with that number.
    Complex(u16),
    Resource,
    /// A resource that may not contain others.
    Contained,
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| TypeId::all().map(Shape::compile).collect());

/// The shape of a type.
#[inline]
pub(super) fn of(id: TypeId) -> &'static Shape {
    &SHAPES[id.number()]
}

/// The shape of the type with that number.
#[inline]
pub(super) fn numbered(number: u16) -> &'static Shape {
    &SHAPES[usize::from(number)]
}

impl Shape {
    fn compile(id: TypeId) -> Shape {
        let mut shape = Shape { id, slots: Box::default(), elements: Box::default(), required: 0 };
        let mut lineage: Vec<TypeId> = id.lineage().collect();
        lineage.reverse();
        let own = |id: &TypeId| id.definition().elements.iter();
        shape.elements = lineage.iter().flat_map(own).collect();
        assert!(shape.elements.len() <= 128, "the bits of u128");
        let mut members = Vec::new();
        for (number, element) in shape.elements.iter().enumerate() {
            shape.required |= u128::from(element.min > 0) << number;
            members.extend((0..element.types.len()).map(|choice| member(id, number as u8, element, choice)));
        }
        shape.slots = vec![None; (2 * members.len()).next_power_of_two()].into();
        for member in members {
            let mut slot = shape.home(member.name);
            while shape.slots[slot].is_some() {
                slot = (slot + 1) % shape.slots.len();
            }
            shape.slots[slot] = Some(member);
        }
        shape
    }

    #[inline]
    fn home(&self, name: NameId) -> usize {
        // Names are numbered by the alphabet; the multiplication (2^16 over the golden ratio) spreads neighbours.
        usize::from(name.0.wrapping_mul(40_503) >> 3) & (self.slots.len() - 1)
    }

    /// The member of that name (without the underscore of a companion).
    #[inline]
    pub fn member(&self, name: NameId) -> Option<&Member> {
        let mut slot = self.home(name);
        loop {
            let member = self.slots[slot].as_ref()?;
            if member.name == name {
                return Some(member);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// The element with that number.
    pub fn element(&self, number: usize) -> &'static Element {
        self.elements[number]
    }

    /// The names of all members.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.slots.iter().flatten().filter_map(|member| member.name.name())
    }
}

fn member(parent: TypeId, number: u8, element: &'static Element, choice: usize) -> Member {
    let content = element.types[choice].id;
    let definition = content.definition();
    let content = match definition.kind {
        // The table has FHIR's own type of both, string; their rules are others.
        _ if element.name == "id" && content.path() == "string" => {
            Content::Primitive(match parent.definition().kind {
                TypeKind::Resource => Primitive::Id,
                _ => Primitive::ElementId,
            })
        }
        TypeKind::Primitive => Content::Primitive(Primitive::from_name(&definition.path)),
        TypeKind::Resource if element.name == "contained" => Content::Contained,
        TypeKind::Resource => Content::Resource,
        TypeKind::Complex | TypeKind::Backbone => Content::Complex(content.number() as u16),
    };
    let name = element.json_name(choice);
    Member { name, element: number, array: element.repeats(), choice: element.choice, content }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_found_and_no_other() {
        for id in TypeId::all() {
            let shape = of(id);
            for name in (1..NameId::LIMIT).map(NameId) {
                let found = shape.member(name).map(|member| shape.element(usize::from(member.element)).name);
                assert_eq!(found, id.member(name).map(|(element, _)| element.name), "{} {name:?}", id.path());
            }
        }
    }

    #[test]
    fn elements_that_must_be_there() {
        let shape = of(TypeId::from_path("Observation").expect("a type"));
        let required: Vec<_> = (0..128)
            .filter(|bit| shape.required >> bit & 1 == 1)
            .map(|bit| shape.element(bit).name)
            .collect();
        assert_eq!(required, ["status", "code"]);
    }
}
