//! Elements in JSON: <https://hl7.org/fhir/R4/json.html#primitive>. A primitive is up to two members, its value and, under the
//! same name with an underscore, a companion with its id and extensions; a list of primitives is up to two arrays of
//! one length, with `null` where one has nothing to say.

use super::super::{
    error::ErrorKind,
    limits::Budget,
    value::{Member, Value, position, set},
};
use std::borrow::Cow;

/// One element. One of the two is there.
#[derive(Clone, Debug, Default)]
pub struct Element<'d> {
    pub value: Option<Value<'d>>,
    pub companion: Option<Value<'d>>,
}

/// `_name`.
pub fn companion_name(name: &str) -> String {
    format!("_{name}")
}

/// Whether the object has an element called `name`.
pub fn has(members: &[Member<'_>], name: &str, budget: &mut Budget<'_>) -> Result<bool, ErrorKind> {
    Ok(position(members, name, budget)?.is_some()
        || position(members, &companion_name(name), budget)?.is_some())
}

/// Takes the element that does not repeat out of the object, to be [`put`] back: `null` keeps its place.
pub fn lift<'d>(
    members: &mut [Member<'d>],
    name: &str,
    budget: &mut Budget<'_>,
) -> Result<Element<'d>, ErrorKind> {
    let mut lift = |name: &str| -> Result<_, ErrorKind> {
        let found = position(members, name, budget)?;
        Ok(found.map(|at| std::mem::replace(&mut members[at].1, Value::Null)))
    };
    Ok(Element { value: lift(name)?, companion: lift(&companion_name(name))? })
}

/// Gives the element another name, where it stands.
pub fn rename<'d>(
    members: &mut [Member<'d>],
    from: &str,
    to: &'static str,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    if from == to {
        return Ok(());
    }
    let names =
        [(from.to_owned(), Cow::Borrowed(to)), (companion_name(from), Cow::Owned(companion_name(to)))];
    for (from, to) in names {
        if let Some(at) = position(members, &from, budget)? {
            members[at].0 = to;
        }
    }
    Ok(())
}

/// Sets the element that does not repeat: each member where it stood, else at the end, and away with one it has not.
pub fn put<'d>(
    members: &mut Vec<Member<'d>>,
    name: &'static str,
    element: Element<'d>,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    put_member(members, Cow::Borrowed(name), element.value, budget)?;
    put_member(members, Cow::Owned(companion_name(name)), element.companion, budget)
}

fn put_member<'d>(
    members: &mut Vec<Member<'d>>,
    name: Cow<'d, str>,
    value: Option<Value<'d>>,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    match value {
        Some(value) => set(members, name, value, budget),
        None => {
            if let Some(at) = position(members, &name, budget)? {
                members.remove(at);
            }
            Ok(())
        }
    }
}

/// The elements of a list, in order; none if it is not there.
pub fn list<'d>(
    members: &mut [Member<'d>],
    name: &str,
    budget: &mut Budget<'_>,
) -> Result<Vec<Element<'d>>, ErrorKind> {
    let mut values = items(members, name, budget)?.into_iter();
    let mut companions = items(members, &companion_name(name), budget)?.into_iter();
    let mut elements = Vec::with_capacity(values.len().max(companions.len()));
    loop {
        budget.spend(1)?;
        match (values.next(), companions.next()) {
            (None, None) => return Ok(elements),
            (value, companion) => elements.push(Element {
                value: value.filter(|value| !value.is_null()),
                companion: companion.filter(|companion| !companion.is_null()),
            }),
        }
    }
}

fn items<'d>(
    members: &mut [Member<'d>],
    name: &str,
    budget: &mut Budget<'_>,
) -> Result<Vec<Value<'d>>, ErrorKind> {
    let Some(at) = position(members, name, budget)? else { return Ok(vec![]) };
    let value = &mut members[at].1;
    value.open(budget)?;
    match value {
        Value::Array(items) => Ok(std::mem::take(items)),
        _ => Err(ErrorKind::BadResource(format!("{name} is not an array"))),
    }
}

/// Sets the elements of a list; an array without a value in it goes.
pub fn put_list<'d>(
    members: &mut Vec<Member<'d>>,
    name: &'static str,
    elements: Vec<Element<'d>>,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    budget.spend(elements.len())?;
    let (values, companions) = elements.into_iter().map(|element| (element.value, element.companion)).unzip();
    put_member(members, Cow::Borrowed(name), array(values), budget)?;
    put_member(members, Cow::Owned(companion_name(name)), array(companions), budget)
}

fn array(items: Vec<Option<Value<'_>>>) -> Option<Value<'_>> {
    let says_something = items.iter().any(Option::is_some);
    says_something.then(|| Value::Array(items.into_iter().map(|item| item.unwrap_or(Value::Null)).collect()))
}
