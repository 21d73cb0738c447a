//! The XML reader.

use fhir::json::{Document, Limits};
use fhir::xml;

/// Panics when the reader does, or when what it writes is no JSON.
pub fn check(bytes: &[u8]) {
    let Ok(json) = xml::to_json(bytes, &Limits::default()) else { return };
    Document::parse(json, &Limits::default()).expect("what is read is JSON within the same limits");
}
