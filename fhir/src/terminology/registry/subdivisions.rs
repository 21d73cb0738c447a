//! ISO 3166-2: subdivisions of countries (<https://hl7.org/fhir/R4/iso3166.html>), from the crate `rust_iso3166`.

use super::draft::Draft;
use crate::json::Document;
use rust_iso3166::iso3166_2::SUBDIVISION_MAP;
use std::sync::Arc;

pub(super) const URL: &str = "urn:iso:std:iso:3166:-2";

/// All subdivisions in the order of their codes, with country and kind.
pub(super) fn code_system() -> Arc<Document> {
    let properties = [("country", "string"), ("kind", "string")];
    let mut draft = Draft::new(URL, "ISO 3166-2 Subdivisions of countries", &properties);
    let mut all: Vec<_> = SUBDIVISION_MAP.values().collect();
    all.sort_by_key(|one| one.code);
    for one in all {
        let properties = [("country", one.country_code), ("kind", one.subdivision_type)];
        draft.concept(one.code, one.name, &properties, false);
    }
    draft.finish()
}
