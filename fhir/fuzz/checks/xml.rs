//! The XML reader and writer.

use fhir::json::{Document, Limits, equal};
use fhir::xml;

/// Panics when the reader or the writer does, when what is read is no JSON, or when writing it and reading it again gives
/// something else.
pub fn check(bytes: &[u8]) {
    let Ok(json) = xml::to_json(bytes, &Limits::default()) else { return };
    let document =
        Document::parse(json, &Limits::default()).expect("what is read is JSON within the same limits");
    let Ok(written) = xml::from_json(document.root()) else { return };
    let json = xml::to_json(&written, &Limits::default()).expect("what is written is read");
    let again = Document::parse(json, &Limits::default()).expect("JSON");
    assert!(equal(document.root(), again.root()), "{}", String::from_utf8_lossy(&written));
}
