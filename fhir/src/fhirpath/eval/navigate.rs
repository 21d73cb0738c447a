//! From an element to its children.

use super::{Env, Out, Step};
use crate::definitions::{NameId, TypeId};
use crate::fhirpath::item::{Element, Item, RESOURCE_TYPE};
use crate::fhirpath::model::{self, Choice, Members};
use crate::fhirpath::op::Name;
use crate::fhirpath::value::{Text, TypeInfo, Value};
use crate::json::{Key, Kind, Node};

/// The children of that name.
pub(in crate::fhirpath) fn named<'d>(
    item: &Item<'d>,
    name: &Name,
    env: &Env<'_, 'd>,
    out: &mut Out<'_, 'd>,
) -> Step {
    env.step()?;
    let element = match item {
        Item::Element(element) => element,
        Item::Value(Value::Type(info)) => return type_part(info, name, out),
        Item::Value(_) => return Ok(()),
    };
    let Some(object) = element.object() else { return Ok(()) };
    let Some(type_id) = element.type_id() else { return untyped(object, name, env, out) };
    let Some(members) = name.path.and_then(|path| model::of(type_id).element(path)) else { return Ok(()) };
    match &*members.choices {
        [only] if !only.is_primitive => match object.get_name(only.name) {
            Some(node) => emit(Some(node), None, only.type_id, env, out),
            None => Ok(()),
        },
        [only] => primitive(object, *only, env, out),
        _ => choice(object, members, env, out),
    }
}

/// All children, in the order of the document.
pub(in crate::fhirpath) fn children<'d>(item: &Item<'d>, env: &Env<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    env.step()?;
    let Some(element) = item.element() else { return Ok(()) };
    let Some(object) = element.object() else { return Ok(()) };
    for (key, node) in object.members() {
        let name = key.name_id();
        if name == RESOURCE_TYPE {
            continue;
        }
        match element.type_id().and_then(|id| id.member(name.element())) {
            Some((_, of)) if name.is_companion() => {
                // With its primitive, the companion was part of that child.
                if object.get_name(name.element()).is_none() {
                    emit(None, Some(node), of.id, env, out)?;
                }
            }
            Some((_, of)) if model::of(of.id).is_primitive => {
                let companion = object.get_name(NameId(name.0 | NameId::COMPANION));
                emit(Some(node), companion, of.id, env, out)?;
            }
            Some((_, of)) => emit(Some(node), None, of.id, env, out)?,
            None => emit_untyped(node, env, out)?,
        }
    }
    Ok(())
}

fn type_part<'d>(info: &TypeInfo, name: &Name, out: &mut Out<'_, 'd>) -> Step {
    let text = match &*name.text {
        "name" => info.name,
        "namespace" => info.namespace,
        _ => return Ok(()),
    };
    out(Item::Value(Value::String(Text::Borrowed(text))))
}

/// A primitive's value and its companion, which may stand anywhere in the object.
fn primitive<'d>(object: Node<'d>, choice: Choice, env: &Env<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let companion_name = NameId(choice.name.0 | NameId::COMPANION);
    let (mut value, mut companion) = (None, None);
    for (key, node) in object.members() {
        if key.name_id() == choice.name {
            value = Some(node);
        } else if key.name_id() == companion_name {
            companion = Some(node);
        }
    }
    emit(value, companion, choice.type_id, env, out)
}

fn choice<'d>(object: Node<'d>, members: &Members, env: &Env<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let found = |(key, _): &(Key<'d>, Node<'d>)| members.choice(key.name_id().element()).is_some();
    let Some((key, node)) = object.members().find(found) else { return Ok(()) };
    let Some(choice) = members.choice(key.name_id().element()) else { return Ok(()) };
    match choice.is_primitive {
        true => primitive(object, choice, env, out),
        false => emit(Some(node), None, choice.type_id, env, out),
    }
}

fn untyped<'d>(object: Node<'d>, name: &Name, env: &Env<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let same = |key: &Key<'d>| key.name_id() == name.member && key.is(&name.text);
    match object.members().find(|(key, _)| same(key)) {
        Some((_, node)) => emit_untyped(node, env, out),
        None => Ok(()),
    }
}

fn emit_untyped<'d>(node: Node<'d>, env: &Env<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut one = |node: Node<'d>| {
        env.step()?;
        out(Item::Element(Element::untyped(node)))
    };
    match node.kind() {
        Kind::Array => node.items().try_for_each(one),
        _ => one(node),
    }
}

/// The element, or each of its repetitions with the companion of the same place.
fn emit<'d>(
    value: Option<Node<'d>>,
    companion: Option<Node<'d>>,
    type_id: TypeId,
    env: &Env<'_, 'd>,
    out: &mut Out<'_, 'd>,
) -> Step {
    let is_array = |node: Option<Node<'d>>| node.is_some_and(|node| node.kind() == Kind::Array);
    if !is_array(value) && !is_array(companion) {
        return one(value, companion, type_id, env, out);
    }
    let items = |node: Option<Node<'d>>| node.into_iter().flat_map(|node| node.items());
    let (mut values, mut companions) = (items(value), items(companion));
    loop {
        match (values.next(), companions.next()) {
            (None, None) => return Ok(()),
            (value, companion) => one(value, companion, type_id, env, out)?,
        }
    }
}

fn one<'d>(
    value: Option<Node<'d>>,
    companion: Option<Node<'d>>,
    type_id: TypeId,
    env: &Env<'_, 'd>,
    out: &mut Out<'_, 'd>,
) -> Step {
    env.step()?;
    let value = value.filter(|value| value.kind() != Kind::Null);
    let companion = companion.filter(|companion| companion.kind() == Kind::Object);
    match value {
        None if companion.is_none() => Ok(()),
        Some(node) if model::of(type_id).is_abstract_resource => out(Item::Element(Element::resource(node))),
        _ => out(Item::Element(Element::primitive(value, companion, type_id))),
    }
}
