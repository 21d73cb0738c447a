//! The exact terms of a document: `kind u8 ‖ tenant u32 BE ‖ type u16 BE ‖ param u16 BE ‖ value`.
//!
//! Tenant and type inside mean that a search of one type needs no second term to say so, and that a count is one
//! lookup. The dictionary shares prefixes, so they cost next to nothing.

use crate::matcher::{folded, searchable};
use crate::query::{Leaf, ReferenceMatch, StringMatch, TokenMatch, TokenSet, UnitMatch};
use fhir::definitions::ParamId;
use fhir::index::Value;
use proto::id::{PartitionId, ResourceId, TenantId, TypeCode};
use xxhash_rust::xxh3::xxh3_128;

// Stored in the index: a change raises FORMAT.
const TENANT: u8 = 1;
const TYPE: u8 = 2;
const PARTITION: u8 = 3;
const PRESENT: u8 = 16;
const TOKEN_CODE: u8 = 17;
const TOKEN_FULL: u8 = 18;
const TOKEN_SYSTEM: u8 = 19;
const TOKEN_NO_SYSTEM: u8 = 20;
const STRING: u8 = 21;
const STRING_EXACT: u8 = 22;
const REFERENCE: u8 = 23;
const URL: u8 = 24;
const QUANTITY_CODED: u8 = 25;
const QUANTITY_UNIT: u8 = 26;
/// Added to the kind of a value that is too long for a term and stands there by its start and a 128-bit hash.
const SHORTENED: u8 = 0x80;

const HEAD: usize = 9;
const VALUE_MAX: usize = 1024;
const KEPT: usize = 256;

/// Whose terms.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// Every term begins with it.
    pub tenant: TenantId,
    /// The type of the resource.
    pub type_code: TypeCode,
}

/// Every document of a tenant.
pub fn tenant(tenant: TenantId) -> Vec<u8> {
    let mut term = vec![TENANT];
    term.extend_from_slice(&tenant.0.to_be_bytes());
    term
}

/// Every document of a type.
pub fn of_type(owner: Owner) -> Vec<u8> {
    let mut term = vec![TYPE];
    term.extend_from_slice(&owner.tenant.0.to_be_bytes());
    term.extend_from_slice(&owner.type_code.0.to_be_bytes());
    term
}

/// Every document of a partition.
pub fn partition(partition: PartitionId) -> Vec<u8> {
    let mut term = vec![PARTITION];
    term.extend_from_slice(&partition.0.to_be_bytes());
    term
}

/// Every document with a value of the parameter.
pub fn present(owner: Owner, param: ParamId) -> Vec<u8> {
    head(owner, param, PRESENT)
}

fn head(owner: Owner, param: ParamId, kind: u8) -> Vec<u8> {
    let mut term = Vec::with_capacity(HEAD + 40);
    term.push(kind);
    term.extend_from_slice(&owner.tenant.0.to_be_bytes());
    term.extend_from_slice(&owner.type_code.0.to_be_bytes());
    term.extend_from_slice(&param.0.to_be_bytes());
    term
}

fn exact(owner: Owner, param: ParamId, kind: u8, value: &[u8]) -> Vec<u8> {
    let mut term = head(owner, param, kind);
    term.extend_from_slice(value);
    shorten(term)
}

fn pair(owner: Owner, param: ParamId, kind: u8, first: &str, second: &str) -> Vec<u8> {
    let mut term = head(owner, param, kind);
    term.extend_from_slice(&(first.len() as u32).to_be_bytes());
    term.extend_from_slice(first.as_bytes());
    term.extend_from_slice(second.as_bytes());
    shorten(term)
}

fn shorten(mut term: Vec<u8>) -> Vec<u8> {
    if term.len() <= HEAD + VALUE_MAX {
        return term;
    }
    let hash = xxh3_128(&term[HEAD..]);
    term.truncate(HEAD + KEPT);
    term.extend_from_slice(&hash.to_be_bytes());
    term[0] |= SHORTENED;
    term
}

fn reference(owner: Owner, param: ParamId, type_code: u16, id: &str) -> Vec<u8> {
    let mut term = head(owner, param, REFERENCE);
    term.extend_from_slice(&type_code.to_be_bytes());
    term.extend_from_slice(id.as_bytes());
    term
}

fn string(owner: Owner, param: ParamId, normalized: &str) -> Vec<u8> {
    let mut term = head(owner, param, STRING);
    term.extend_from_slice(folded(normalized).as_bytes());
    term
}

/// Hands out the terms of one value.
pub fn of_value(owner: Owner, param: ParamId, value: &Value<'_>, mut add: impl FnMut(Vec<u8>)) {
    match *value {
        Value::Token { system, code } => {
            if let Some(code) = code {
                add(exact(owner, param, TOKEN_CODE, code.as_bytes()));
                add(match system {
                    Some(system) => pair(owner, param, TOKEN_FULL, system, code),
                    None => exact(owner, param, TOKEN_NO_SYSTEM, code.as_bytes()),
                });
            }
            if let Some(system) = system {
                add(exact(owner, param, TOKEN_SYSTEM, system.as_bytes()));
            }
        }
        Value::String { normalized, exact: written } => {
            add(string(owner, param, normalized));
            add(exact(owner, param, STRING_EXACT, searchable(written).as_bytes()));
        }
        Value::Reference { type_code, id, .. } => add(reference(owner, param, type_code, id)),
        Value::ReferenceUrl { url, .. } | Value::Uri(url) => add(exact(owner, param, URL, url.as_bytes())),
        Value::Quantity { system, code, unit, .. } => {
            if let (Some(system), Some(code)) = (system, code) {
                add(pair(owner, param, QUANTITY_CODED, system, code));
            }
            for unit in [code, unit.filter(|&unit| Some(unit) != code)].into_iter().flatten() {
                add(exact(owner, param, QUANTITY_UNIT, unit.as_bytes()));
            }
        }
        _ => {}
    }
}

/// Each code with its system, and without any where that is implied.
fn tokens(owner: Owner, param: ParamId, set: &TokenSet) -> Vec<Vec<u8>> {
    let mut terms = Vec::with_capacity(2 * set.tokens().len());
    let mut last = None;
    for token in set.tokens() {
        terms.push(pair(owner, param, TOKEN_FULL, &token.system, &token.code));
        if set.implied_system() && last != Some(&token.code) {
            terms.push(exact(owner, param, TOKEN_NO_SYSTEM, token.code.as_bytes()));
            last = Some(&token.code);
        }
    }
    terms
}

/// How a leaf finds its documents through terms.
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
    /// The leaf asks no terms.
    None,
}

/// The lookup of a leaf; of a quantity its unit.
pub fn of_leaf(owner: Owner, leaf: &Leaf) -> Lookup {
    let term = match leaf {
        Leaf::Present(param) => present(owner, *param),
        Leaf::Token(param, TokenMatch::Code(code)) => exact(owner, *param, TOKEN_CODE, code.as_bytes()),
        Leaf::Token(param, TokenMatch::Full(system, code)) => pair(owner, *param, TOKEN_FULL, system, code),
        Leaf::Token(param, TokenMatch::NoSystem(code)) => {
            exact(owner, *param, TOKEN_NO_SYSTEM, code.as_bytes())
        }
        Leaf::Token(param, TokenMatch::System(system)) => {
            exact(owner, *param, TOKEN_SYSTEM, system.as_bytes())
        }
        Leaf::Token(param, TokenMatch::OneOf(set)) => return Lookup::Terms(tokens(owner, *param, set)),
        Leaf::String(param, StringMatch::Exact(text)) => exact(owner, *param, STRING_EXACT, text.as_bytes()),
        Leaf::String(param, StringMatch::Prefix(text)) if text.len() <= crate::matcher::STRING_BYTES_MAX => {
            let mut start = head(owner, *param, STRING);
            start.extend_from_slice(text.as_bytes());
            return Lookup::Prefix(start);
        }
        // Longer than what is searched: a term that no document has.
        Leaf::String(param, StringMatch::Prefix(_)) => head(owner, *param, SHORTENED | STRING),
        Leaf::String(param, StringMatch::Contains(text)) => {
            return Lookup::Contains(head(owner, *param, STRING), text.clone());
        }
        Leaf::Reference(param, ReferenceMatch::Resource(type_code, id)) => {
            reference(owner, *param, type_code.0, ResourceId::as_str(id))
        }
        Leaf::Reference(param, ReferenceMatch::Url(url)) => exact(owner, *param, URL, url.as_bytes()),
        Leaf::Uri(param, uri) => exact(owner, *param, URL, uri.as_bytes()),
        Leaf::UriBelow(param, start) => {
            // Values too long for a term stand there by a start that is as long as `start` may be.
            return Lookup::Prefixes([URL, SHORTENED | URL].map(|kind| {
                let mut prefix = head(owner, *param, kind);
                prefix.extend_from_slice(start.as_bytes());
                prefix
            }));
        }
        Leaf::Quantity(param, _, UnitMatch::Unit(unit)) => {
            exact(owner, *param, QUANTITY_UNIT, unit.as_bytes())
        }
        Leaf::Quantity(param, _, UnitMatch::Coded(system, code)) => {
            pair(owner, *param, QUANTITY_CODED, system, code)
        }
        Leaf::Quantity(_, _, UnitMatch::Any)
        | Leaf::Id(_)
        | Leaf::LastUpdated(_)
        | Leaf::Date(..)
        | Leaf::Number(..) => return Lookup::None,
    };
    Lookup::Term(term)
}

/// Where the value starts in a term.
pub const VALUE_AT: usize = HEAD;
