//! <https://hl7.org/fhirpath/N1/#string-manipulation>. Positions count characters.

use super::{Function, Out, Run, Step, function};
use crate::fhirpath::Error;
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::item::Item;
use crate::fhirpath::op::Call;
use crate::fhirpath::value::{Text, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("indexOf", (1, 1), Run::Value(index_of)),
    function("lastIndexOf", (1, 1), Run::Value(last_index_of)),
    function("substring", (1, 2), Run::Value(substring)),
    function("startsWith", (1, 1), Run::Truth(starts_with)),
    function("endsWith", (1, 1), Run::Truth(ends_with)),
    function("contains", (1, 1), Run::Truth(contains)),
    function("upper", (0, 0), Run::Value(upper)),
    function("lower", (0, 0), Run::Value(lower)),
    function("trim", (0, 0), Run::Value(trim)),
    function("replace", (2, 2), Run::Value(replace)),
    function("length", (0, 0), Run::Value(length)),
    function("toChars", (0, 0), Run::Items(to_chars)),
    function("split", (1, 1), Run::Items(split)),
    function("join", (0, 1), Run::Value(join)),
];

/// The text the function is called on.
pub(super) fn subject<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Text<'d>>> {
    scope.text(&call.on, call.at, call.function.name)
}

/// The text of an argument.
pub(super) fn argument<'d>(call: &Call, scope: &Scope<'_, 'd>, at: usize) -> Answer<Option<Text<'d>>> {
    scope.text(&call.arguments[at], call.at, call.function.name)
}

/// Both; `None` if one is empty.
fn both<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<(Text<'d>, Text<'d>)>> {
    let subject = subject(call, scope)?;
    let argument = argument(call, scope, 0)?;
    if let Some(text) = &subject {
        scope.env.pay(text.len() as u64 / 64)?;
    }
    Ok(subject.zip(argument))
}

fn characters_before(text: &str, byte: Option<usize>) -> i64 {
    byte.map_or(-1, |byte| text[..byte].chars().count() as i64)
}

fn index_of<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    Ok(both(call, scope)?.map(|(text, part)| Value::Integer(characters_before(&text, text.find(&*part)))))
}

fn last_index_of<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    Ok(both(call, scope)?.map(|(text, part)| Value::Integer(characters_before(&text, text.rfind(&*part)))))
}

fn starts_with(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    Ok(both(call, scope)?.map(|(text, part)| text.starts_with(&*part)))
}

fn ends_with(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    Ok(both(call, scope)?.map(|(text, part)| text.ends_with(&*part)))
}

fn contains(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    Ok(both(call, scope)?.map(|(text, part)| text.contains(&*part)))
}

/// Empty when the start is outside the text; the length is cut to what is there.
fn substring<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    let name = call.function.name;
    let Some(text) = subject(call, scope)? else { return Ok(None) };
    let Some(start) = scope.integer(&call.arguments[0], call.at, name)? else { return Ok(None) };
    let length = match call.arguments.get(1) {
        Some(length) => scope.integer(length, call.at, name)?,
        None => None,
    };
    let Ok(start) = usize::try_from(start) else { return Ok(None) };
    let Some((from, _)) = text.char_indices().nth(start) else { return Ok(None) };
    let rest = &text[from..];
    let count = length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(0));
    let to = rest.char_indices().nth(count).map_or(rest.len(), |(at, _)| at);
    scope.env.text(rest[..to].to_owned(), call.at).map(Some)
}

fn mapped<'d>(call: &Call, scope: &Scope<'_, 'd>, map: fn(&str) -> String) -> Answer<Option<Value<'d>>> {
    let Some(text) = subject(call, scope)? else { return Ok(None) };
    scope.env.text(map(&text), call.at).map(Some)
}

fn upper<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    mapped(call, scope, str::to_uppercase)
}

fn lower<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    mapped(call, scope, str::to_lowercase)
}

fn trim<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    mapped(call, scope, |text| text.trim().to_owned())
}

/// An empty pattern stands before every character.
fn replace<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    let pair = both(call, scope)?;
    let with = argument(call, scope, 1)?;
    let Some(((text, pattern), with)) = pair.zip(with) else { return Ok(None) };
    let count = if pattern.is_empty() { text.chars().count() } else { text.matches(&*pattern).count() };
    let length = text.len().saturating_add(with.len().saturating_mul(count));
    let max = scope.env.input.limits.text_bytes_max;
    // Before the text is made: a short expression could ask for a very long one.
    if length.saturating_sub(pattern.len().saturating_mul(count)) > max {
        return Err(Error::TextTooLong { at: call.at, max }.into());
    }
    let replaced = match pattern.is_empty() {
        true => text.chars().flat_map(|letter| with.chars().chain([letter])).chain(with.chars()).collect(),
        false => text.replace(&*pattern, &with),
    };
    scope.env.text(replaced, call.at).map(Some)
}

fn length<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    Ok(subject(call, scope)?.map(|text| Value::Integer(text.chars().count() as i64)))
}

fn to_chars<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let Some(text) = subject(call, scope)? else { return Ok(()) };
    text.chars().try_for_each(|letter| {
        scope.env.step()?;
        out(Item::Value(Value::text(letter.to_string())))
    })
}

fn split<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let Some((text, separator)) = both(call, scope)? else { return Ok(()) };
    if separator.is_empty() {
        return to_chars(call, scope, out);
    }
    text.split(&*separator).try_for_each(|part| {
        scope.env.step()?;
        out(Item::Value(Value::text(part.to_owned())))
    })
}

fn join<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    let separator = match call.arguments.is_empty() {
        true => None,
        false => argument(call, scope, 0)?,
    };
    let mut joined: Option<String> = None;
    let max = scope.env.input.limits.text_bytes_max;
    scope.run(&call.on, &mut |item| {
        let Some(value) = item.value() else { return Ok(()) };
        let Value::String(text) = value else {
            return Err(Error::wrong_type(call.at, "join", "strings", value.system().name()).into());
        };
        match &mut joined {
            None => joined = Some(text.to_string()),
            Some(joined) => {
                joined.push_str(separator.as_deref().unwrap_or(""));
                joined.push_str(&text);
            }
        }
        match joined.as_ref().is_some_and(|joined| joined.len() > max) {
            true => Err(Error::TextTooLong { at: call.at, max }.into()),
            false => Ok(()),
        }
    })?;
    joined.map(|joined| scope.env.text(joined, call.at)).transpose()
}
