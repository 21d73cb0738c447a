//! From FHIR data types to index values, by kind of search parameter: <https://hl7.org/fhir/R4/search.html#table>.
//!
//! Each converter is given one value (never an array or null) of the type it was chosen for. What does not fit that
//! type is noted and left out.

mod date;
mod number;
mod quantity;
mod reference;
mod special;
mod string;
mod token;
mod uri;

use super::collector::Collector;
use crate::definitions::{NameId, ParamKind, TypeId};
use crate::json::Node;
use std::borrow::Cow;

/// Adds the index values of one element's value.
pub(super) type Convert = fn(Node<'_>, &mut Collector<'_, '_>);

/// The converter for values of a data type under a kind of parameter; `None` where the specification has no meaning
/// for the pair (a `string` parameter on a choice that can also be a boolean).
pub(super) fn for_type(kind: ParamKind, value_type: TypeId) -> Option<Convert> {
    value_type.lineage().find_map(|ancestor| {
        let name = ancestor.path();
        match kind {
            ParamKind::Token => token::converter(name),
            ParamKind::String => string::converter(name),
            ParamKind::Reference => reference::converter(name),
            ParamKind::Date => date::converter(name),
            ParamKind::Number => number::converter(name),
            ParamKind::Quantity => quantity::converter(name),
            ParamKind::Uri => uri::converter(name),
            ParamKind::Special => special::converter(name),
            ParamKind::Composite => None,
        }
    })
}

/// The text of a member; `None` if it is absent, empty or no string.
fn text<'d>(value: Node<'d>, name: NameId) -> Option<Cow<'d, str>> {
    value.get_name(name).and_then(Node::as_str).filter(|text| !text.is_empty())
}
