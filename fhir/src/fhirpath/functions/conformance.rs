//! `conformsTo`, `slice`, `elementDefinition`: the host's definitions decide (<https://hl7.org/fhir/R4/fhirpath.html#functions>).

use super::{Function, Out, Run, Step, function};
use crate::definitions::TypeId;
use crate::fhirpath::Error;
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::item::{Element, Item};
use crate::fhirpath::op::Call;

pub(super) const FUNCTIONS: &[Function] = &[
    function("conformsTo", (1, 1), Run::Truth(conforms_to)),
    function("slice", (2, 2), Run::Items(slice)),
    function("elementDefinition", (0, 0), Run::Items(element_definition)),
];

const DEFINITIONS: &str = "http://hl7.org/fhir/StructureDefinition/";

/// R4's own types are decided by the element's type; profiles by the host. An error when the host does not know the profile.
fn conforms_to(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let Some(item) = scope.single(&call.on, call.at, "conformsTo()")? else { return Ok(None) };
    let Some(profile) = scope.text(&call.arguments[0], call.at, "conformsTo()")? else { return Ok(None) };
    let Item::Element(element) = item else { return Ok(Some(false)) };
    let core =
        profile.strip_prefix(DEFINITIONS).filter(|name| !name.contains('.')).and_then(TypeId::from_path);
    if let Some(wanted) = core {
        let is_a = |id: TypeId| id.lineage().any(|base| base == wanted);
        if !element.type_id().is_some_and(is_a) {
            return Ok(Some(false));
        }
        return Ok(Some(scope.env.input.host.conforms_to(&profile, &element).unwrap_or(true)));
    }
    match scope.env.input.host.conforms_to(&profile, &element) {
        Some(conforms) => Ok(Some(conforms)),
        None => Err(undecided(call, format!("the profile '{}' is not known", &*profile)).into()),
    }
}

/// What finding the definition of an element counts as: hosts may walk to it from the root of its document.
fn host_steps(element: &Element<'_>) -> u64 {
    let node = element.node().or(element.companion());
    64 + node.map_or(0, |node| node.document().source().len() as u64 / 64)
}

fn undecided(call: &Call, why: String) -> Error {
    Error::Undecided { at: call.at, what: call.function.name, why }
}

/// The items that are in the slice of that name of a structure. An error when the host does not know the one or the other.
fn slice<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let structure = scope.text(&call.arguments[0], call.at, "slice()")?;
    let name = scope.text(&call.arguments[1], call.at, "slice()")?;
    let Some((structure, name)) = structure.zip(name) else { return Ok(()) };
    scope.run(&call.on, &mut |item| {
        let Item::Element(element) = &item else { return Ok(()) };
        scope.env.pay(host_steps(element))?;
        match scope.env.input.host.in_slice(&structure, &name, element) {
            Some(true) => out(item),
            Some(false) => Ok(()),
            None => {
                let why = format!("the slice '{}' of '{}' is not known", &*name, &*structure);
                Err(undecided(call, why).into())
            }
        }
    })
}

/// The ElementDefinition of each element. An error when the host does not know one.
fn element_definition<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let Some(type_id) = TypeId::from_path("ElementDefinition") else { return Ok(()) };
    scope.run(&call.on, &mut |item| {
        let Item::Element(element) = &item else { return Ok(()) };
        scope.env.pay(host_steps(element))?;
        match scope.env.input.host.element_definition(element) {
            Some(definition) => out(Item::Element(Element::of_type(definition, type_id))),
            None => Err(undecided(call, format!("the definition of {} is not known", element.path())).into()),
        }
    })
}
