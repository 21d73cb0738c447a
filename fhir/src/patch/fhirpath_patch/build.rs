//! New elements, made of the parts of a patch.

use super::{
    super::{
        error::{ErrorKind, shown},
        limits::Budget,
        value::{Member, Value},
    },
    element::{self, Element},
    part::{Content, Part, parts},
    place::{is_abstract, resource_type},
};
use crate::{
    definitions::{self, TypeId, TypeKind, names::lookup},
    json::Node,
};

/// The element a part is for: its definition, its JSON name, its type.
pub struct Target {
    pub definition: &'static definitions::Element,
    pub name: &'static str,
    pub own_type: TypeId,
}

impl Target {
    /// What `name` is in an object of type `owner` when `part` is to be its value. The name is FHIRPath's (`value`) or
    /// JSON's (`valueQuantity`).
    pub fn of(owner: TypeId, name: &str, part: &Part<'_>) -> Result<Target, ErrorKind> {
        let none = || ErrorKind::NoSuchElement { parent: owner.path().to_owned(), name: shown(name) };
        let in_json = owner.member(lookup(name.as_bytes())).filter(|_| !name.starts_with('_'));
        let (definition, choice) = match (owner.element(name), in_json) {
            (Some(definition), _) => (definition, choice(owner, definition, part)?),
            (None, Some((definition, own))) => {
                let choice = definition.types.iter().position(|one| one.id == own.id).ok_or_else(none)?;
                (definition, choice)
            }
            (None, None) => return Err(none()),
        };
        let name = definition.json_name(choice).name().ok_or_else(none)?;
        Ok(Target { definition, name, own_type: definition.types[choice].id })
    }
}

/// Which of the element's types the value has.
fn choice(
    owner: TypeId,
    definition: &'static definitions::Element,
    part: &Part<'_>,
) -> Result<usize, ErrorKind> {
    if !definition.choice {
        return Ok(0);
    }
    let found = definition.types.iter().position(|one| part.content.is_value_of(one.id.path()));
    found.ok_or_else(|| ErrorKind::WrongValue {
        element: format!("{}.{}[x]", owner.path(), definition.name),
        expected: definition.types.iter().map(|one| one.id.path()).collect::<Vec<_>>().join(" or "),
        found: part.described(),
    })
}

/// Adds the element that `part` describes to an object of type `owner`, under `name`.
pub fn add<'d>(
    members: &mut Vec<Member<'d>>,
    owner: TypeId,
    name: &str,
    part: &Part<'d>,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    let target = Target::of(owner, name, part)?;
    let made = build(&target, part, budget)?;
    if target.definition.repeats() {
        let mut elements = element::list(members, target.name, budget)?;
        elements.push(made);
        return element::put_list(members, target.name, elements, budget);
    }
    for choice in 0..target.definition.types.len() {
        let name = target.definition.json_name(choice).name().unwrap_or(target.name);
        if element::has(members, name, budget)? {
            return Err(ErrorKind::AlreadyThere { element: format!("{}.{name}", owner.path()) });
        }
    }
    element::put(members, target.name, made, budget)
}

/// The element that `part` describes. As deep as the patch, which is bounded.
pub fn build<'d>(
    target: &Target,
    part: &Part<'d>,
    budget: &mut Budget<'_>,
) -> Result<Element<'d>, ErrorKind> {
    budget.spend(1)?;
    let wrong = || ErrorKind::WrongValue {
        element: target.name.to_owned(),
        expected: target.own_type.path().to_owned(),
        found: part.described(),
    };
    let value = match &part.content {
        Content::Value { value_type, value, companion } => {
            if !accepts(target.own_type, *value_type) {
                return Err(wrong());
            }
            let made = Element { value: value.map(Value::Kept), companion: companion.map(Value::Kept) };
            for node in [&made.value, &made.companion].into_iter().flatten() {
                budget.put(node.size(), 0)?;
            }
            return Ok(made);
        }
        Content::Resource(resource) => {
            let value = resource_value(target, *resource).ok_or_else(wrong)?;
            budget.put(value.size(), 0)?;
            value
        }
        Content::Parts(array) => {
            if is_primitive(target.own_type) || is_abstract(target.own_type) {
                return Err(wrong());
            }
            let mut members = vec![];
            for part in parts(*array) {
                let part = part?;
                add(&mut members, target.own_type, &part.name, &part, budget)?;
            }
            Value::Object(members)
        }
    };
    Ok(Element { value: Some(value), companion: None })
}

fn resource_value<'d>(target: &Target, resource: Node<'d>) -> Option<Value<'d>> {
    let own = resource_type(resource).ok()?;
    own.lineage().any(|id| id == target.own_type).then_some(Value::Kept(resource))
}

/// Whether the type is a primitive one.
pub fn is_primitive(id: TypeId) -> bool {
    id.definition().kind == TypeKind::Primitive
}

/// Whether a value of type `given` may stand where `wanted` is: the same type or one derived from it, or a primitive that
/// JSON writes alike. Clients send a `valueString` for a code, and a `valueDate` for a dateTime; whether the text is one
/// is for validation to say.
fn accepts(wanted: TypeId, given: TypeId) -> bool {
    let derived = given.lineage().any(|id| id == wanted);
    let alike = is_primitive(wanted) && is_primitive(given) && {
        let (wanted, given) = (written(wanted), written(given));
        wanted == given || (wanted == Written::Decimal && given == Written::Integer)
    };
    derived || alike
}

/// How JSON writes a primitive.
#[derive(PartialEq, Eq)]
enum Written {
    Boolean,
    Integer,
    Decimal,
    Text,
}

fn written(primitive: TypeId) -> Written {
    let path = primitive.path();
    match path {
        "boolean" => Written::Boolean,
        "decimal" => Written::Decimal,
        "integer" | "positiveInt" | "unsignedInt" => Written::Integer,
        _ => Written::Text,
    }
}
