//! https://hl7.org/fhir/R4/search.html#string. All but `:exact` compare normalised text.

use super::condition::Condition;
use super::index::{Lookup, Place, exact, head, tag, whole};
use super::offer::{Asked, Kind, Modifier, Name};
use super::problem::Problem;
use super::text::{quoted, unescape};
use fhir::index::{Value, normalize, renormalize};
use std::borrow::Cow;

/// What a string takes.
pub const KIND: Kind<StringMatch> = Kind {
    name: "string",
    plain: starts_so,
    prefixes: &[],
    modifiers: &[
        Modifier { name: Name::Word("exact"), read: is_exactly, negates: false, lists: None },
        Modifier { name: Name::Word("contains"), read: contains, negates: false, lists: None },
    ],
};

/// Bytes of a string that take part in a search; what comes after is not looked at.
const BYTES_MAX: usize = 32_000;

/// A condition on strings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StringMatch {
    /// It starts so, which is what no modifier means.
    Prefix(String),
    /// `:contains`
    Contains(String),
    /// `:exact`, to the letter.
    Exact(String),
    /// All of it, as filters compare.
    Equal(String),
    /// It ends so, as filters ask.
    Suffix(String),
}

fn starts_so(_: &Asked<'_>, part: &str, all: &mut Vec<StringMatch>) -> Result<(), Problem> {
    all.push(StringMatch::Prefix(normal(part)?));
    Ok(())
}

fn contains(_: &Asked<'_>, part: &str, all: &mut Vec<StringMatch>) -> Result<(), Problem> {
    all.push(StringMatch::Contains(normal(part)?));
    Ok(())
}

fn is_exactly(_: &Asked<'_>, part: &str, all: &mut Vec<StringMatch>) -> Result<(), Problem> {
    all.push(StringMatch::Exact(unescape(part)));
    Ok(())
}

/// A value as all but `:exact` compare it.
pub fn normal(part: &str) -> Result<String, Problem> {
    let text = normalize(&unescape(part)).into_owned();
    match text.is_empty() {
        // A value of combining marks only: it would match everything.
        true => Err(Problem::unusable("a value is empty")),
        false => Ok(text),
    }
}

impl Condition for StringMatch {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        let Value::String { normalized, exact } = value else { return false };
        match self {
            StringMatch::Prefix(wanted) => folded(normalized).starts_with(wanted.as_str()),
            StringMatch::Contains(wanted) => {
                memchr::memmem::find(folded(normalized).as_bytes(), wanted.as_bytes()).is_some()
            }
            StringMatch::Exact(wanted) => searchable(exact) == wanted,
            StringMatch::Equal(wanted) => folded(normalized) == wanted.as_str(),
            StringMatch::Suffix(wanted) => folded(normalized).ends_with(wanted.as_str()),
        }
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        Ok(match self {
            StringMatch::Prefix(text) => format!("^{}", quoted(text)),
            StringMatch::Contains(text) => format!("~{}", quoted(text)),
            StringMatch::Exact(text) => format!("={}", quoted(text)),
            StringMatch::Equal(text) => format!(":equal{}", quoted(text)),
            StringMatch::Suffix(text) => format!(":suffix{}", quoted(text)),
        })
    }

    fn trace(&self) -> Option<&str> {
        match self {
            StringMatch::Exact(text) => Some(text),
            StringMatch::Prefix(_)
            | StringMatch::Contains(_)
            | StringMatch::Equal(_)
            | StringMatch::Suffix(_) => None,
        }
    }

    fn lookup(&self, place: Place) -> Lookup {
        match self {
            StringMatch::Exact(text) => Lookup::Term(exact(place, tag::STRING_EXACT, text.as_bytes())),
            // Longer than what is searched: a term that no document has.
            StringMatch::Prefix(text) | StringMatch::Equal(text) if text.len() > BYTES_MAX => {
                Lookup::Term(head(place, tag::SHORTENED | tag::STRING))
            }
            StringMatch::Prefix(text) => Lookup::Prefix(term(place, text)),
            StringMatch::Equal(text) => Lookup::Term(term(place, text)),
            StringMatch::Suffix(text) => Lookup::Ends(head(place, tag::STRING), text.clone()),
            StringMatch::Contains(text) => Lookup::Contains(head(place, tag::STRING), text.clone()),
        }
    }
}

/// The part of a normalised string that takes part in a search. Rows of an older build are folded further here, so that they are
/// found as what is written today: they alone are copied.
pub(crate) fn folded(normalized: &str) -> Cow<'_, str> {
    renormalize(searchable(normalized))
}

/// The part of a string that takes part in a search.
fn searchable(text: &str) -> &str {
    &text[..text.floor_char_boundary(BYTES_MAX)]
}

/// The text by which the sieve knows a value.
#[inline]
pub fn trace<'v>(value: &Value<'v>) -> Option<&'v str> {
    if let Value::String { exact, .. } = *value { Some(searchable(exact)) } else { None }
}

/// The terms of a value.
pub fn terms(place: Place, value: &Value<'_>, mut add: impl FnMut(Vec<u8>)) {
    let Value::String { normalized, exact: written } = *value else { return };
    add(term(place, &folded(normalized)));
    add(exact(place, tag::STRING_EXACT, searchable(written).as_bytes()));
}

/// The term of a normalised string, never shortened: it is looked into.
fn term(place: Place, text: &str) -> Vec<u8> {
    whole(place, tag::STRING, text.as_bytes())
}
