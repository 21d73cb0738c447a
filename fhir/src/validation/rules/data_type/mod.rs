//! Rules of data types that their StructureDefinitions cannot say.

mod attachment;
mod identifier;
mod sampled_data;

use super::Rules;
use crate::definitions::TypeId;
use crate::json::Node;
use std::sync::LazyLock;

/// Checks a value of a type.
pub(in crate::validation) type Check = fn(&mut Rules<'_>, Node<'_>);

static CHECKS: LazyLock<Vec<Option<Check>>> =
    LazyLock::new(|| TypeId::all().map(|id| check_of(id.path())).collect());

fn check_of(type_name: &str) -> Option<Check> {
    match type_name {
        "Attachment" => Some(attachment::check),
        "Identifier" => Some(identifier::check),
        "SampledData" => Some(sampled_data::check),
        _ => None,
    }
}

/// The check for values of that type, if there is one.
pub(in crate::validation) fn check(id: TypeId) -> Option<Check> {
    CHECKS.get(id.index()).copied().flatten()
}
