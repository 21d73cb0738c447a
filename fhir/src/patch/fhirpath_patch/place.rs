//! Where in the resource an element stands, and what it is there.

use super::super::{
    error::ErrorKind,
    limits::Budget,
    value::{Member, Value, position},
};
use crate::{
    definitions::{Element, ResourceType, TypeId},
    json::{Kind, Node},
};

/// One step down in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Under its JSON name, `_birthDate` included.
    Member(String),
    Item(usize),
}

/// A place in a resource.
#[derive(Clone, Debug)]
pub struct Place {
    /// From the root to the JSON value; empty for the resource itself.
    pub steps: Vec<Step>,
    /// The type of what is there; of a contained resource its own type.
    pub own_type: TypeId,
    /// `None` for the resource itself.
    pub element: Option<Located>,
}

/// An element and the object that has it.
#[derive(Clone, Debug)]
pub struct Located {
    /// How many of the steps lead to that object.
    pub owner_steps: usize,
    pub owner_type: TypeId,
    pub definition: &'static Element,
    /// The JSON name without the underscore of a companion.
    pub name: &'static str,
    /// Its number in its list.
    pub index: Option<usize>,
}

impl Place {
    /// Finds `target`, a node of the same document, by the bytes it was read from.
    pub fn of(root: Node<'_>, target: Node<'_>) -> Result<Place, ErrorKind> {
        if !std::ptr::eq(root.document(), target.document()) {
            return Err(ErrorKind::NotAnElement);
        }
        let mut place = Place { steps: vec![], own_type: resource_type(root)?, element: None };
        let mut at = root;
        while at.span() != target.span() {
            at = place.step(at, target)?;
        }
        Ok(place)
    }

    /// One level down, to the child that is or holds `target`.
    fn step<'d>(&mut self, at: Node<'d>, target: Node<'_>) -> Result<Node<'d>, ErrorKind> {
        let holds = |child: Node<'_>| {
            let (child, target) = (child.span(), target.span());
            child.start <= target.start && target.end <= child.end
        };
        let child = match at.kind() {
            Kind::Array => {
                let mut items = at.items().enumerate();
                let (index, child) = items.find(|(_, child)| holds(*child)).ok_or(ErrorKind::NotAnElement)?;
                self.steps.push(Step::Item(index));
                if let Some(element) = &mut self.element {
                    element.index = Some(index);
                }
                child
            }
            _ => {
                let mut members = at.members();
                let (key, child) = members.find(|(_, child)| holds(*child)).ok_or(ErrorKind::NotAnElement)?;
                let name = key.name_id().element();
                let unknown = || ErrorKind::BadResource(format!("unknown element at {}", child.path()));
                let (definition, choice) = self.own_type.member(name).ok_or_else(unknown)?;
                self.element = Some(Located {
                    owner_steps: self.steps.len(),
                    owner_type: self.own_type,
                    definition,
                    name: name.name().ok_or_else(unknown)?,
                    index: None,
                });
                self.own_type = choice.id;
                self.steps.push(Step::Member(key.as_str().into_owned()));
                child
            }
        };
        if child.kind() == Kind::Object && is_abstract(self.own_type) {
            self.own_type = resource_type(child)?;
        }
        Ok(child)
    }
}

impl Located {
    /// The steps to the object that has the element.
    pub fn owner<'p>(&self, place: &'p Place) -> &'p [Step] {
        &place.steps[..self.owner_steps]
    }
}

/// Whether a resource of any type stands where this type is named.
pub fn is_abstract(id: TypeId) -> bool {
    matches!(id.path(), "Resource" | "DomainResource")
}

/// The type of a resource.
pub fn resource_type(resource: Node<'_>) -> Result<TypeId, ErrorKind> {
    let name = resource.get("resourceType").and_then(|name| name.as_str());
    name.and_then(|name| ResourceType::from_name(&name))
        .and_then(|known| TypeId::from_path(known.name()))
        .ok_or_else(|| ErrorKind::BadResource("a resource without a type of FHIR R4".to_owned()))
}

/// The value at the end of `steps`.
pub fn find<'v, 'd>(
    root: &'v mut Value<'d>,
    steps: &[Step],
    budget: &mut Budget<'_>,
) -> Result<&'v mut Value<'d>, ErrorKind> {
    let mut at = root;
    for step in steps {
        at.open(budget)?;
        at = match (at, step) {
            (Value::Object(members), Step::Member(name)) => position(members, name, budget)?
                .and_then(|found| members.get_mut(found))
                .map(|(_, value)| value),
            (Value::Array(items), Step::Item(index)) => items.get_mut(*index),
            _ => None,
        }
        .ok_or(ErrorKind::NotAnElement)?;
    }
    Ok(at)
}

/// The members of the object at the end of `steps`.
pub fn object<'v, 'd>(
    root: &'v mut Value<'d>,
    steps: &[Step],
    budget: &mut Budget<'_>,
) -> Result<&'v mut Vec<Member<'d>>, ErrorKind> {
    find(root, steps, budget)?.members(budget)?.ok_or(ErrorKind::NotAnElement)
}

/// Removes what became empty at the end of `steps` and, in turn, above it: FHIR knows no empty objects and arrays.
pub fn prune(root: &mut Value<'_>, steps: &[Step], budget: &mut Budget<'_>) -> Result<(), ErrorKind> {
    for length in (1..=steps.len()).rev() {
        if !find(root, &steps[..length], budget)?.is_empty() {
            return Ok(());
        }
        let parent = find(root, &steps[..length - 1], budget)?;
        parent.open(budget)?;
        match (parent, &steps[length - 1]) {
            (Value::Object(members), Step::Member(name)) => members.retain(|(own, _)| own != name),
            (Value::Array(items), Step::Item(index)) => {
                let in_companions =
                    length > 1 && matches!(&steps[length - 2], Step::Member(name) if name.starts_with('_'));
                remove_item(items, *index, in_companions);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The companions of a list stay aligned with its values: a `null` takes the place of one that goes.
fn remove_item(items: &mut Vec<Value<'_>>, index: usize, in_companions: bool) {
    if !in_companions {
        items.remove(index);
        return;
    }
    items[index] = Value::Null;
    if items.iter().all(Value::is_null) {
        items.clear();
    }
}
