//! What a search will ask the terminology for, known before it is compiled.

use super::filter;
use crate::kind;

const FILTER: &str = "_filter";

/// Whether a search parameter of that name, modifier included, may ask for codes.
pub fn lists_codes(name: &str, value: &str) -> bool {
    kind::lists_codes(name) || (name == FILTER && filter::lists_codes(value))
}

/// The value sets that its value may name.
pub fn value_sets(name: &str, value: &str) -> Vec<String> {
    match name {
        FILTER => filter::value_sets(value),
        _ if kind::names_value_sets(name) => value.split(',').map(str::to_owned).collect(),
        _ => vec![],
    }
}
