//! FHIR's own functions on elements (<https://hl7.org/fhir/R4/fhirpath.html#functions>).

use super::{Function, Out, Run, Step, function};
use crate::definitions::{NameId, TypeId, names};
use crate::fhirpath::Error;
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::item::{Element, Item};
use crate::fhirpath::op::Call;
use crate::fhirpath::value::Value;
use crate::json::Node;
use std::sync::LazyLock;

pub(super) const FUNCTIONS: &[Function] = &[
    function("extension", (1, 1), Run::Items(extension)),
    function("hasValue", (0, 0), Run::Truth(has_value)),
    function("getValue", (0, 0), Run::Value(get_value)),
    function("checkModifiers", (0, 64), Run::Items(check_modifiers)),
];

const EXTENSION: NameId = names::lookup(b"extension");
const MODIFIER: NameId = names::lookup(b"modifierExtension");
const URL: NameId = names::lookup(b"url");
static EXTENSION_TYPE: LazyLock<Option<TypeId>> = LazyLock::new(|| TypeId::from_path("Extension"));

fn has_url(extension: Node<'_>, url: &str) -> bool {
    extension.get_name(URL).and_then(Node::as_str).is_some_and(|own| own == url)
}

/// The extensions of that URL.
fn extension<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let Some(url) = scope.text(&call.arguments[0], call.at, "extension()")? else { return Ok(()) };
    let Some(type_id) = *EXTENSION_TYPE else { return Ok(()) };
    scope.run(&call.on, &mut |item| {
        let extensions =
            item.element().and_then(Element::object).and_then(|object| object.get_name(EXTENSION));
        for extension in extensions.into_iter().flat_map(|extensions| extensions.items()) {
            scope.env.step()?;
            if has_url(extension, &url) {
                out(Item::Element(Element::of_type(extension, type_id)))?;
            }
        }
        Ok(())
    })
}

/// Whether there is one primitive, and it has a value.
fn has_value(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let (mut count, mut has) = (0, false);
    scope.run(&call.on, &mut |item| {
        count += 1;
        has = match &item {
            Item::Element(element) => element.has_value(),
            Item::Value(_) => true,
        };
        Ok(())
    })?;
    Ok(Some(count == 1 && has))
}

/// The value of the primitive, if there is one primitive and it has a value; else nothing.
fn get_value<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    let (mut count, mut value) = (0, None);
    scope.run(&call.on, &mut |item| {
        count += 1;
        value = item.value().filter(|_| item.element().is_none_or(Element::has_value));
        Ok(())
    })?;
    Ok(value.filter(|_| count == 1))
}

/// The items, if they have no modifier extensions but those named; else an error.
fn check_modifiers<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let mut allowed = Vec::new();
    for argument in &call.arguments {
        allowed.extend(scope.text(argument, call.at, "checkModifiers()")?);
    }
    scope.run(&call.on, &mut |item| {
        let modifiers = item.element().and_then(Element::object).and_then(|object| object.get_name(MODIFIER));
        for modifier in modifiers.into_iter().flat_map(|modifiers| modifiers.items()) {
            scope.env.step()?;
            if !allowed.iter().any(|url| has_url(modifier, url)) {
                let url = modifier.get_name(URL).and_then(Node::as_str).unwrap_or_default();
                let found = url.chars().take(200).collect::<String>();
                return Err(Error::wrong_type(call.at, "checkModifiers()", "known modifiers", found).into());
            }
        }
        out(item)
    })
}
