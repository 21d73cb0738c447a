//! <https://hl7.org/fhir/R4/search.html#token>

use super::super::collector::Collector;
use super::super::value::Value;
use super::{Convert, text};
use crate::definitions::names::{self, NameId};
use crate::json::{Kind, Node};

const SYSTEM: NameId = names::lookup(b"system");
const CODE: NameId = names::lookup(b"code");
const VALUE: NameId = names::lookup(b"value");
const DISPLAY: NameId = names::lookup(b"display");
const TEXT: NameId = names::lookup(b"text");
const CODING: NameId = names::lookup(b"coding");
const TYPE: NameId = names::lookup(b"type");

pub(super) fn converter(type_name: &str) -> Option<Convert> {
    Some(match type_name {
        "Coding" => coding,
        "CodeableConcept" => codeable_concept,
        "Identifier" => identifier,
        "ContactPoint" => contact_point,
        "boolean" => boolean,
        // Primitives derive from these: code, id and markdown from string; url, canonical, oid and uuid from uri.
        "string" | "uri" | "date" | "dateTime" => plain,
        "integer" | "decimal" => number,
        _ => return None,
    })
}

fn coding(value: Node<'_>, out: &mut Collector<'_, '_>) {
    let (mut system, mut code, mut display) = (None, None, None);
    for (key, member) in value.members() {
        match key.name_id() {
            SYSTEM => system = member.as_str(),
            CODE => code = member.as_str(),
            DISPLAY => display = member.as_str(),
            _ => {}
        }
    }
    if system.is_some() || code.is_some() {
        out.add(Value::Token { system: system.as_deref(), code: code.as_deref() });
    }
    if let Some(display) = display {
        out.add_token_text(&display);
    }
}

fn codeable_concept(value: Node<'_>, out: &mut Collector<'_, '_>) {
    for (key, member) in value.members() {
        match key.name_id() {
            CODING => member.items().for_each(|one| coding(one, out)),
            TEXT => {
                if let Some(text) = member.as_str() {
                    out.add_token_text(&text);
                }
            }
            _ => {}
        }
    }
}

fn identifier(value: Node<'_>, out: &mut Collector<'_, '_>) {
    let (system, code) = (text(value, SYSTEM), text(value, VALUE));
    if system.is_some() || code.is_some() {
        out.add(Value::Token { system: system.as_deref(), code: code.as_deref() });
    }
    let Some(kind) = value.get_name(TYPE) else { return };
    if let Some(text) = text(kind, TEXT) {
        out.add_token_text(&text);
    }
    let Some(codings) = kind.get_name(CODING) else { return };
    for one in codings.items() {
        if let (Some(system), Some(code), Some(value)) =
            (text(one, SYSTEM), text(one, CODE), text(value, VALUE))
        {
            out.add(Value::TokenOfType { system: &system, code: &code, value: &value });
        }
    }
}

/// The value alone: `ContactPoint.system` is no code system. `email` and `phone` parameters select by it.
fn contact_point(value: Node<'_>, out: &mut Collector<'_, '_>) {
    if let Some(value) = text(value, VALUE) {
        out.add(Value::Token { system: None, code: Some(&value) });
    }
}

fn boolean(value: Node<'_>, out: &mut Collector<'_, '_>) {
    match value.as_bool() {
        Some(true) => out.add(Value::Token { system: None, code: Some("true") }),
        Some(false) => out.add(Value::Token { system: None, code: Some("false") }),
        None => out.note(value, "not a boolean"),
    }
}

fn plain(value: Node<'_>, out: &mut Collector<'_, '_>) {
    match value.as_str() {
        Some(code) => out.add(Value::Token { system: None, code: Some(&code) }),
        None => out.note(value, "not a text"),
    }
}

fn number(value: Node<'_>, out: &mut Collector<'_, '_>) {
    match value.kind() {
        Kind::Number => out.add(Value::Token { system: None, code: value.number_text() }),
        _ => out.note(value, "not a number"),
    }
}
