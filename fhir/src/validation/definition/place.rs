//! Where an element of a definition stands in JSON.

use crate::definitions::{self, NameId, TypeId, TypeKind, names};

/// A primitive's value in the paths of definitions.
const VALUE: NameId = names::lookup(b"value");

/// The JSON members an element may be.
pub(super) struct Place {
    /// The element as the type has it; `None` for the value of a primitive.
    pub element: Option<&'static definitions::Element>,
    /// Names, each with the type it stands for.
    pub members: Vec<(NameId, TypeId)>,
}

/// The place of the element called `last` (`value[x]`, `valueQuantity`, `system`) in that type; `None` if the type has none.
pub(super) fn of(owner: TypeId, last: &str) -> Option<Place> {
    let stem = last.trim_end_matches("[x]");
    // The value of a primitive is no element of its own in JSON: the name stands for the primitive without id and extensions.
    if stem == "value" && owner.definition().kind == TypeKind::Primitive {
        return Some(Place { element: None, members: vec![(VALUE, owner)] });
    }
    if let Some(own) = owner.element(stem) {
        let members = own.types.iter().enumerate();
        let mut members: Vec<_> = members.map(|(choice, one)| (own.json_name(choice), one.id)).collect();
        members.dedup();
        return Some(Place { element: Some(own), members });
    }
    // `valueQuantity` in place of `value[x]`.
    let name = names::lookup(stem.as_bytes());
    let (own, one) = owner.member(name)?;
    Some(Place { element: Some(own), members: vec![(name, one.id)] })
}

impl Place {
    /// Adds what the element is in another type.
    pub(super) fn join(&mut self, other: Place) {
        self.element = self.element.or(other.element);
        for member in other.members {
            if !self.members.contains(&member) {
                self.members.push(member);
            }
        }
    }
}
