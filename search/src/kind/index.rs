//! The registry of what the index keeps of values: exact terms, `tag u8 ‖ tenant u32 BE ‖ type u16 BE ‖ param u16 BE ‖ value`,
//! columns of intervals, and columns of what is referred to.
//!
//! Tenant and type inside mean that a search of one type needs no second term to say so, and that a count is one
//! lookup. The dictionary shares prefixes, so they cost next to nothing.

use super::comparison::Comparison;
use fhir::definitions::ParamId;
use proto::id::{PartitionId, TenantId, TypeCode};
use xxhash_rust::xxh3::xxh3_128;

/// Raise it when the schema, the terms, the columns or the payload of a commit change: indexes are rebuilt.
pub const FORMAT: u32 = 10;

/// The first byte of a term. No two are alike, and a change raises [`FORMAT`].
pub mod tag {
    pub(super) const TENANT: u8 = 1;
    pub(super) const TYPE: u8 = 2;
    pub(super) const PARTITION: u8 = 3;
    /// There is a value.
    pub const PRESENT: u8 = 16;
    /// A code, whatever its system.
    pub const TOKEN_CODE: u8 = 17;
    /// System and code.
    pub const TOKEN_FULL: u8 = 18;
    /// A system.
    pub const TOKEN_SYSTEM: u8 = 19;
    /// A code without a system.
    pub const TOKEN_NO_SYSTEM: u8 = 20;
    /// A string, normalised.
    pub const STRING: u8 = 21;
    /// A string as written.
    pub const STRING_EXACT: u8 = 22;
    /// Type and id.
    pub const REFERENCE: u8 = 23;
    /// A URI.
    pub const URL: u8 = 24;
    /// The system and code of a unit that UCUM does not know.
    pub const QUANTITY_CODED: u8 = 25;
    /// The code of a unit, or the unit as printed.
    pub const QUANTITY_UNIT: u8 = 26;
    /// What a person reads of a coded value, normalised.
    pub const TOKEN_TEXT: u8 = 27;
    /// The base unit of a UCUM unit.
    pub const QUANTITY_BASE: u8 = 28;
    /// A word of a text.
    pub const WORD: u8 = 29;
    /// A term of a resource that stands inside.
    pub const CONTAINED: u8 = 30;
    /// Added to the tag of a value that is too long for a term and stands there by its start and a 128-bit hash.
    pub const SHORTENED: u8 = 0x80;
}

/// Columns of intervals. The letters are in the names of stored columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Milliseconds.
    Date,
    /// The orderable integer of a decimal.
    Number,
    /// The same, of the value; the unit is a term.
    Quantity,
    /// The same in base units.
    Measured,
    /// Degrees, as such integers.
    Latitude,
    /// The same, from -180 on to below 180.
    Longitude,
}

/// An interval that one of a document's has to be in.
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    /// Of these.
    pub column: Column,
    /// How it is compared.
    pub comparison: Comparison,
    /// The document must have a term of the condition's lookup besides, and both of one value.
    pub narrowed: bool,
}

/// How a condition finds its documents through terms.
pub enum Lookup {
    /// Documents with exactly this term.
    Term(Vec<u8>),
    /// Documents with one of these terms.
    Terms(Vec<Vec<u8>>),
    /// Documents with a term that starts so.
    Prefix(Vec<u8>),
    /// Documents with a term that starts in one of these ways.
    Prefixes([Vec<u8>; 2]),
    /// Documents with a term that starts so and contains the text after that start.
    Contains(Vec<u8>, String),
    /// Documents with a term that starts so and ends with the text.
    Ends(Vec<u8>, String),
    /// Documents with a term that starts so and has after that start a text in which a word starts so.
    Word(Vec<u8>, String),
    /// The condition asks no terms.
    None,
}

/// Whose terms.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// Every term begins with it.
    pub tenant: TenantId,
    /// The type of the resource.
    pub type_code: TypeCode,
}

/// Of which parameter of whom.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Whose.
    pub owner: Owner,
    /// The parameter.
    pub param: ParamId,
}

/// Where the value starts in a term of a place.
pub const VALUE_AT: usize = 9;
const VALUE_MAX: usize = 1024;
const KEPT: usize = 256;

impl Column {
    /// The two columns of a parameter, low ends and high ends.
    pub fn names(self, param: ParamId) -> (String, String) {
        let letter = match self {
            Column::Date => 'd',
            Column::Number => 'n',
            Column::Quantity => 'q',
            Column::Measured => 'm',
            Column::Latitude => 'y',
            Column::Longitude => 'x',
        };
        (format!("{letter}{}l", param.0), format!("{letter}{}h", param.0))
    }
}

/// The column of what a parameter refers to, by [`crate::page::sort_hash`].
pub fn targets(param: ParamId) -> String {
    format!("r{}", param.0)
}

/// Every document of a tenant.
pub fn tenant(tenant: TenantId) -> Vec<u8> {
    let mut term = vec![tag::TENANT];
    term.extend_from_slice(&tenant.0.to_be_bytes());
    term
}

/// How the terms of [`tenant`] begin, and whose one of them is.
pub const OF_TENANTS: [u8; 1] = [tag::TENANT];

/// The tenant of a term of [`tenant`].
pub fn tenant_of(term: &[u8]) -> Option<TenantId> {
    let number = term.strip_prefix(&OF_TENANTS)?;
    Some(TenantId(u32::from_be_bytes(number.try_into().ok()?)))
}

/// Every document of a type.
pub fn of_type(owner: Owner) -> Vec<u8> {
    let mut term = vec![tag::TYPE];
    term.extend_from_slice(&owner.tenant.0.to_be_bytes());
    term.extend_from_slice(&owner.type_code.0.to_be_bytes());
    term
}

/// Every document of a partition.
pub fn partition(partition: PartitionId) -> Vec<u8> {
    let mut term = vec![tag::PARTITION];
    term.extend_from_slice(&partition.0.to_be_bytes());
    term
}

/// How all terms of a place with that tag start.
pub fn head(place: Place, tag: u8) -> Vec<u8> {
    let mut term = Vec::with_capacity(VALUE_AT + 40);
    term.push(tag);
    term.extend_from_slice(&place.owner.tenant.0.to_be_bytes());
    term.extend_from_slice(&place.owner.type_code.0.to_be_bytes());
    term.extend_from_slice(&place.param.0.to_be_bytes());
    term
}

/// The term of a value.
pub fn exact(place: Place, tag: u8, value: &[u8]) -> Vec<u8> {
    shorten(whole(place, tag, value))
}

/// The term of a value that is never shortened, for its end is looked at as well.
pub fn whole(place: Place, tag: u8, value: &[u8]) -> Vec<u8> {
    let mut term = head(place, tag);
    term.extend_from_slice(value);
    term
}

/// The term of two texts.
pub fn pair(place: Place, tag: u8, first: &str, second: &str) -> Vec<u8> {
    let mut term = head(place, tag);
    term.extend_from_slice(&(first.len() as u32).to_be_bytes());
    term.extend_from_slice(first.as_bytes());
    term.extend_from_slice(second.as_bytes());
    shorten(term)
}

fn shorten(mut term: Vec<u8>) -> Vec<u8> {
    if term.len() <= VALUE_AT + VALUE_MAX {
        return term;
    }
    let hash = xxh3_128(&term[VALUE_AT..]);
    term.truncate(VALUE_AT + KEPT);
    term.extend_from_slice(&hash.to_be_bytes());
    term[0] |= tag::SHORTENED;
    term
}
