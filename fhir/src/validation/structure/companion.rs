//! `_x`, which holds id and extensions of primitive `x` (<https://hl7.org/fhir/R4/json.html#primitive>).

use super::shape::{self, Content, Member};
use super::{Code, Walk};
use crate::definitions::{NameId, TypeId};
use crate::json::{Items, Kind, Node};
use std::iter::Skip;
use std::sync::LazyLock;

static ELEMENT: LazyLock<TypeId> = LazyLock::new(|| TypeId::from_path("Element").expect("a type of R4"));

/// The items of the companion of `name`, from position `from` on; none if it is no array.
pub(super) fn items(parent: Node<'_>, name: NameId, from: usize) -> Skip<Items<'_>> {
    // An object that is no array has no items: the parent stands for an absent companion.
    parent.get_name(NameId(name.0 | NameId::COMPANION)).unwrap_or(parent).items().skip(from)
}

impl Walk<'_> {
    /// A null in a list of primitives must have something in the companion.
    pub(super) fn maybe_null(&mut self, item: Node<'_>, companion: Option<Node<'_>>) {
        if item.kind() == Kind::Null && companion.is_none_or(|companion| companion.kind() == Kind::Null) {
            let text = "null without an extension at the same place of the '_' member; leave it out".into();
            self.issues.error(item, Code::Structure, text);
        }
    }

    /// Checks `_x` in itself and against `x`.
    #[inline(never)]
    pub(super) fn companion(&mut self, parent: Node<'_>, member: &Member, value: Node<'_>) {
        let name = member.name.name().unwrap_or_default();
        if !matches!(member.content, Content::Primitive(_)) {
            let text = format!("'_{name}' is for primitives only; put its members into '{name}'");
            return self.issues.error(value, Code::Structure, text);
        }
        let plain = parent.get_name(member.name);
        match (member.array, value.kind()) {
            (false, Kind::Object) => self.element(value, plain),
            (true, Kind::Array) if !value.is_empty() => self.elements(value, plain),
            (true, _) => {
                let text = format!("'{name}' may repeat, so '_{name}' must be an array with items");
                self.issues.error(value, Code::Structure, text);
            }
            (false, _) => {
                let text = format!("'_{name}' must be an object with id or extension");
                self.issues.error(value, Code::Structure, text);
            }
        }
    }

    fn elements(&mut self, companions: Node<'_>, plain: Option<Node<'_>>) {
        let mut values = plain.map(Node::items);
        for companion in companions.items() {
            if self.issues.is_full() {
                return;
            }
            let value = values.as_mut().and_then(Iterator::next);
            if companion.kind() != Kind::Null {
                self.element(companion, value);
            } else if value.is_none() {
                let text = "null without a value at the same place of the list; leave it out".into();
                self.issues.error(companion, Code::Structure, text);
            }
        }
        if values.is_some_and(|mut rest| rest.next().is_some()) {
            let text = "the '_' member has fewer items than the list; fill it up with nulls".into();
            self.issues.error(companions, Code::Structure, text);
        }
    }

    /// One object of id and extensions; only a value may do without extensions.
    fn element(&mut self, companion: Node<'_>, value: Option<Node<'_>>) {
        if companion.kind() != Kind::Object || companion.is_empty() {
            let text = "id and extensions of a primitive are an object with members".into();
            return self.issues.error(companion, Code::Structure, text);
        }
        let says_more = self.object(companion, shape::of(*ELEMENT), false);
        if !says_more && value.is_none_or(|value| value.kind() == Kind::Null) {
            self.says_nothing(companion);
        }
    }
}
