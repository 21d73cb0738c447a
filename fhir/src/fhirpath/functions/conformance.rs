//! `conformsTo(profile)`

use super::{Function, Run, function};
use crate::definitions::TypeId;
use crate::fhirpath::error::Error;
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::item::Item;
use crate::fhirpath::op::Call;

pub(super) const FUNCTIONS: &[Function] = &[function("conformsTo", (1, 1), Run::Truth(conforms_to))];

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
        None => {
            let why = format!("the profile '{}' is not known", &*profile);
            Err(Error::Undecided { at: call.at, what: "conformsTo()", why }.into())
        }
    }
}
