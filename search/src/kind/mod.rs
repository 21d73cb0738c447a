//! One file per kind of search parameter (https://hl7.org/fhir/R4/search.html#ptypes): how its values are written, its modifiers
//! and prefixes, its conditions and how they are held against index values, and what of it the index and the tail keep.
//!
//! What is common to them: `offer` (what a kind declares), `condition` (what a condition says of itself), `index` (the
//! registry of what is stored). What needs Tantivy is in `engine/index`, which reads `index` and knows no kind.

pub mod among;
pub mod comparison;
pub mod composite;
pub mod condition;
pub mod contained;
pub mod date;
pub mod except;
pub mod id;
pub mod index;
pub mod kept;
pub mod last_updated;
pub mod near;
pub mod number;
pub mod offer;
pub mod present;
pub mod problem;
pub mod quantity;
pub mod reference;
pub mod string;
pub mod terminology;
pub mod text;
pub mod token;
pub mod uri;
pub mod words;

use fhir::definitions::ParamKind;
use offer::{Lists, Name, Offer};

/// What parameters of a kind take.
pub fn offered(kind: ParamKind) -> Offer {
    match kind {
        ParamKind::String => string::KIND.offer(),
        ParamKind::Token => token::KIND.offer(),
        ParamKind::Reference => reference::KIND.offer(),
        ParamKind::Uri => uri::KIND.offer(),
        ParamKind::Date => date::KIND.offer(),
        ParamKind::Number => number::KIND.offer(),
        ParamKind::Quantity => quantity::KIND.offer(),
        ParamKind::Composite => composite::offer(),
        // R4 has one.
        ParamKind::Special => near::offer(),
    }
}

/// Whether a search parameter of that name, modifier included, may ask the terminology for codes.
pub fn lists_codes(name: &str) -> bool {
    lists(name).is_some()
}

/// Whether the values of a search parameter of that name, modifier included, name value sets.
pub fn names_value_sets(name: &str) -> bool {
    lists(name) == Some(Lists::ValueSet)
}

/// Tokens alone have codes. What looks like one, by its modifier, may be of another kind.
fn lists(name: &str) -> Option<Lists> {
    let (_, modifier) = name.rsplit_once(':')?;
    let mut all = token::KIND.modifiers.iter();
    let is_it = |name| matches!(name, Name::Word(word) if word == modifier);
    all.find(|one| is_it(one.name)).and_then(|one| one.lists)
}
