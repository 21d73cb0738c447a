//! The five operations, on the elements their paths lead to.

use super::{
    super::{error::ErrorKind, limits::Budget, value::Value},
    build::{self, Target, is_primitive},
    element::{self, Element},
    list::{List, within},
    operation::{Action, Operation},
    part::Part,
    place::{self, Place},
};
use crate::json::Node;

/// Applies one operation to `root`, the resource with node `resource`. `found` is what the path leads to.
pub fn apply<'d>(
    operation: &Operation<'d>,
    resource: Node<'d>,
    found: &[Node<'d>],
    root: &mut Value<'d>,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    let place = |node: &Node<'d>| Place::of(resource, *node);
    match (&operation.action, found) {
        (Action::Delete, []) => Ok(()),
        (_, []) => Err(ErrorKind::NotFound("the path leads to no element".to_owned())),
        (Action::Add { name, value }, [one]) => add(&place(one)?, name, value, root, budget),
        (Action::Delete, [one]) => delete(&place(one)?, root, budget),
        (Action::Replace { value }, [one]) => replace(&place(one)?, value, root, budget),
        (Action::Insert { index, value }, nodes) => {
            let list = List::of(resource, nodes, budget)?;
            let index = within(*index, nodes.len(), nodes.len() + 1)?;
            let made = list.build(value, budget)?;
            list.change(root, budget, |elements| elements.insert(index, made))
        }
        (Action::Move { source, destination }, nodes) => {
            let list = List::of(resource, nodes, budget)?;
            let source = within(*source, nodes.len(), nodes.len())?;
            let destination = within(*destination, nodes.len(), nodes.len())?;
            list.change(root, budget, |elements| {
                let element = elements.remove(source);
                elements.insert(destination, element);
            })
        }
        (_, several) => Err(ErrorKind::NotOne { found: several.len() }),
    }
}

fn add<'d>(
    place: &Place,
    name: &str,
    value: &Part<'d>,
    root: &mut Value<'d>,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    let Some(located) = place.element.as_ref().filter(|_| is_primitive(place.own_type)) else {
        let members = place::object(root, &place.steps, budget)?;
        return build::add(members, place.own_type, name, value, budget);
    };
    // What a primitive holds beside its value is in its companion.
    let add = |own: &mut Element<'d>, budget: &mut Budget<'_>| {
        let companion = own.companion.get_or_insert_with(|| Value::Object(vec![]));
        let members = companion.members(budget)?.ok_or(ErrorKind::NotAnElement)?;
        build::add(members, place.own_type, name, value, budget)
    };
    let members = place::object(root, located.owner(place), budget)?;
    match located.index {
        None => {
            let mut own = element::lift(members, located.name, budget)?;
            add(&mut own, budget)?;
            element::put(members, located.name, own, budget)
        }
        Some(index) => {
            let mut elements = element::list(members, located.name, budget)?;
            add(elements.get_mut(index).ok_or(ErrorKind::NotAnElement)?, budget)?;
            element::put_list(members, located.name, elements, budget)
        }
    }
}

fn delete(place: &Place, root: &mut Value<'_>, budget: &mut Budget<'_>) -> Result<(), ErrorKind> {
    let located = place.element.as_ref().ok_or(ErrorKind::NotAnElement)?;
    let owner = located.owner(place);
    let members = place::object(root, owner, budget)?;
    match located.index {
        None => element::put(members, located.name, Element::default(), budget)?,
        Some(index) => {
            let mut elements = element::list(members, located.name, budget)?;
            if index < elements.len() {
                elements.remove(index);
            }
            element::put_list(members, located.name, elements, budget)?;
        }
    }
    place::prune(root, owner, budget)
}

fn replace<'d>(
    place: &Place,
    value: &Part<'d>,
    root: &mut Value<'d>,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    let located = place.element.as_ref().ok_or(ErrorKind::NotAnElement)?;
    let target = Target::of(located.owner_type, located.definition.name, value)?;
    let made = build::build(&target, value, budget)?;
    let members = place::object(root, located.owner(place), budget)?;
    match located.index {
        None => {
            element::rename(members, located.name, target.name, budget)?;
            element::put(members, target.name, made, budget)
        }
        Some(index) => {
            let mut elements = element::list(members, located.name, budget)?;
            *elements.get_mut(index).ok_or(ErrorKind::NotAnElement)? = made;
            element::put_list(members, located.name, elements, budget)
        }
    }
}
