//! The modifier `:missing`, which parameters of all kinds take: https://hl7.org/fhir/R4/search.html#missing

use super::condition::Condition;
use super::index::{Lookup, Place, head, tag};
use super::problem::Problem;
use fhir::index::Value;

/// Any value fulfils it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Present;

/// Whether the value asks for a parameter that is missing.
pub fn is_missing(text: &str) -> Result<bool, Problem> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Problem::unusable("':missing' takes true or false")),
    }
}

/// The term of every document with a value.
pub fn term(place: Place) -> Vec<u8> {
    head(place, tag::PRESENT)
}

impl Condition for Present {
    fn holds(&self, _: Value<'_>) -> bool {
        true
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        Ok(":present".to_owned())
    }

    fn lookup(&self, place: Place) -> Lookup {
        Lookup::Term(term(place))
    }
}
