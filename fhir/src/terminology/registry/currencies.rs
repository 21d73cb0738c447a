//! ISO 4217: currencies (<https://hl7.org/fhir/R4/valueset-currencies.html>), from the crate `rust_iso4217`.

use super::draft::Draft;
use crate::json::Document;
use std::sync::Arc;

pub(super) const URL: &str = "urn:iso:std:iso:4217";

/// Currencies, funds and precious metals in use, then those withdrawn (ISO's list three) as inactive codes: an old record
/// in marks is not wrong.
pub(super) fn code_system() -> Arc<Document> {
    let mut draft = Draft::new(URL, "ISO 4217 Currencies", &[("numeric", "string"), ("inactive", "boolean")]);
    let mut all: Vec<_> = rust_iso4217::ALL_CODES.iter().collect();
    all.sort_by_key(|one| (one.code_type == "historic", one.code));
    all.dedup_by_key(|one| one.code);
    for one in all {
        // The oldest ones have no number.
        let numeric = if one.numeric > 0 { format!("{:03}", one.numeric) } else { String::new() };
        draft.concept(one.code, one.name, &[("numeric", &numeric)], one.code_type == "historic");
    }
    draft.finish()
}
