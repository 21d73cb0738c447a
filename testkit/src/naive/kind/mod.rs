//! What a kind of parameter finds: <https://hl7.org/fhir/R4/search.html#ptypes>.

mod date;
mod near;
mod number;
mod quantity;
mod reference;
mod string;
mod token;
mod unit;
mod uri;

pub use reference::{Place, place, places};
pub use unit::UCUM;

use super::{
    select::Found,
    text::{split, unescape},
};
use anyhow::bail;
use fhir::definitions::ParamKind;

/// One value of a parameter that is asked for, and what has to be known to read it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub kind: ParamKind,
    pub modifier: Option<&'a str>,
    /// Still with its escapes.
    pub value: &'a str,
    pub base: &'a str,
    pub now_ms: i64,
}

/// What resources are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Number(i128),
    Texts(Vec<String>),
}

/// Whether what the parameter selects fulfils `parameter:modifier=values`: one of the values does, and with `:not` none.
pub fn holds(asked: Asked<'_>, found: &[Found<'_>], values: &str) -> anyhow::Result<bool> {
    match asked.modifier {
        Some("missing") => Ok(is_there(asked.kind, found, asked.base) != (values == "true")),
        Some("not") => Ok(!holds(Asked { modifier: None, ..asked }, found, values)?),
        _ => {
            for value in split(values, ',') {
                if holds_one(Asked { value: &value, ..asked }, found)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

fn holds_one(asked: Asked<'_>, found: &[Found<'_>]) -> anyhow::Result<bool> {
    match asked.kind {
        ParamKind::String => string::holds(asked, found),
        ParamKind::Token => token::holds(asked, found),
        ParamKind::Reference => reference::holds(asked, found),
        ParamKind::Uri => uri::holds(asked, found),
        ParamKind::Date => date::holds(asked, found),
        ParamKind::Number => number::holds(asked, found),
        ParamKind::Quantity => quantity::holds(asked, found),
        ParamKind::Special => near::holds(asked, found),
        other => bail!("{other:?} is not asked for"),
    }
}

/// `_lastUpdated`, of a resource that was written then.
pub fn is_of_time(asked: Asked<'_>, last_updated_ms: u64, values: &str) -> anyhow::Result<bool> {
    for value in split(values, ',') {
        if date::is_of_time(Asked { value: &value, ..asked }, last_updated_ms)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `_id`
pub fn is_named(id: &str, values: &str) -> bool {
    split(values, ',').iter().any(|value| unescape(value) == id)
}

/// Whether the parameter has a value. A text or a display is one of a code; a reference to what is contained is one, too, and to the
/// container none.
fn is_there(kind: ParamKind, found: &[Found<'_>], base: &str) -> bool {
    match kind {
        ParamKind::Token => token::is_there(found),
        ParamKind::Reference => reference::is_there(found, base),
        _ => !keys(kind, found, base).is_empty(),
    }
}

/// By what the values are ordered: `search/README.md`.
pub fn keys(kind: ParamKind, found: &[Found<'_>], base: &str) -> Vec<Key> {
    match kind {
        ParamKind::String => string::keys(found),
        ParamKind::Token => token::keys(found),
        ParamKind::Reference => reference::keys(found, base),
        ParamKind::Uri => uri::keys(found),
        ParamKind::Date => date::keys(found),
        ParamKind::Number => number::keys(found),
        ParamKind::Quantity => quantity::keys(found),
        _ => vec![],
    }
}
