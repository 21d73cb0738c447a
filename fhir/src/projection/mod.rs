//! Parts of a resource, and the whole of it with white space: `_summary`, `_elements`, `_pretty`.
//!
//! All write from the document as it was read, so numbers keep their digits.

mod pretty;
mod select;

pub use pretty::pretty;

use crate::json::Node;

/// Which part of a resource is wanted: <https://hl7.org/fhir/R4/search.html#summary> and #elements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    /// Everything.
    #[default]
    Whole,
    /// What the definitions mark as summary, at every level, and what is mandatory.
    Summary,
    /// The narrative, and what is mandatory.
    Text,
    /// Everything but the narrative.
    Data,
    /// The elements of these names (`value`, not `valueQuantity`; or `Patient.name`, of that type only), and what is
    /// mandatory.
    Elements(Vec<Box<str>>),
}

/// Elements named at once; every member of a resource is compared with all.
const ELEMENTS_MAX: usize = 128;

/// Why `_summary` and `_elements` are no projection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("_summary is {0:?}; it must be true, text, data or false")]
    Summary(String),
    #[error(
        "_elements names {found:?}, which is no name of an element; name elements of the resource itself, separated by commas"
    )]
    Element { found: String },
    #[error("_elements names more than {ELEMENTS_MAX} elements; ask for fewer")]
    TooMany,
    #[error("_summary and _elements cannot both be given; keep one")]
    Both,
}

impl Projection {
    /// From the values of `_summary` (but `count`, which asks for no resource) and `_elements`; empty is not given.
    ///
    /// Errors: another value, a name that is no element of any type, more than 128 names, both at once.
    pub fn parse(summary: &str, elements: &str) -> Result<Projection, Error> {
        let summary = match summary {
            "" | "false" => Projection::Whole,
            "true" => Projection::Summary,
            "text" => Projection::Text,
            "data" => Projection::Data,
            other => return Err(Error::Summary(other.chars().take(64).collect())),
        };
        let names = elements.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names = names.map(element_name).collect::<Result<Vec<_>, _>>()?;
        match (summary, names.len()) {
            (summary, 0) => Ok(summary),
            (_, count) if count > ELEMENTS_MAX => Err(Error::TooMany),
            (Projection::Whole, _) => Ok(Projection::Elements(names)),
            _ => Err(Error::Both),
        }
    }

    /// Whether everything is wanted, so that nothing need be done.
    pub fn is_whole(&self) -> bool {
        *self == Projection::Whole
    }

    /// The part of a resource that is wanted, with the tag SUBSETTED in its meta. A resource of an unknown type, or what is
    /// none, comes back whole.
    ///
    /// Id, meta and the mandatory elements are always there. Members R4 does not have are only part of `Whole` and `Data`.
    pub fn of(&self, resource: Node<'_>) -> Vec<u8> {
        select::write(self, resource)
    }
}

/// A name of `_elements`, which are base elements (<https://hl7.org/fhir/R4/search.html#elements>): of a path into one,
/// `contact.name`, the whole of it is wanted. A resource type before it, as FHIRPath would write it, is kept: the element is
/// that type's only.
fn element_name(name: &str) -> Result<Box<str>, Error> {
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !name.split('.').all(is_plain) {
        return Err(Error::Element { found: name.chars().take(64).collect() });
    }
    let parts = if is_type(name.split('.').next().unwrap_or_default()) { 2 } else { 1 };
    let end = name.match_indices('.').nth(parts - 1).map_or(name.len(), |(at, _)| at);
    Ok(name[..end].into())
}

/// Types have a capital, elements have none.
fn is_type(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}
