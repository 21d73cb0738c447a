//! Code systems that ISO keeps, whose codes and English names come from crates
//! (<https://hl7.org/fhir/R4/terminologies-systems.html>).
//!
//! Each is written as a CodeSystem resource on first use, so that everything treats it as any other: expansions, lookups,
//! filters, supplements. It stands in where the source has no CodeSystem of that URL, or one without content. None has a
//! version: FHIR has no text for an edition of these lists, so whatever version is asked for, these codes answer, as with
//! the systems that follow a grammar.

mod countries;
mod currencies;
mod draft;
mod subdivisions;

use super::CodeSystem;
use crate::json::Document;
use std::sync::{Arc, LazyLock};

type System = LazyLock<Arc<Document>>;

/// The CodeSystem of that URL, if it is one of these.
pub(super) fn code_system(url: &str) -> Option<&'static Arc<Document>> {
    static CURRENCIES: System = LazyLock::new(currencies::code_system);
    static COUNTRIES: System = LazyLock::new(countries::code_system);
    static SUBDIVISIONS: System = LazyLock::new(subdivisions::code_system);
    match url {
        currencies::URL => Some(&CURRENCIES),
        countries::URL => Some(&COUNTRIES),
        subdivisions::URL => Some(&SUBDIVISIONS),
        _ => None,
    }
}

/// Whether the code system was made here: it has the codes of today, and not those that were withdrawn long ago.
pub(super) fn is_from(system: &CodeSystem) -> bool {
    code_system(&system.url).is_some_and(|own| Arc::ptr_eq(own, &system.document))
}
