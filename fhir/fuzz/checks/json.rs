//! The JSON reader and what runs on every body: the document, the envelope, the bytes stored, the index values, bundles.

use fhir::bundle::Bundle;
use fhir::json::{Document, Error, ErrorKind, Limits, Node};
use fhir::resource::{self, Envelope};

/// Panics when a reader does, or when two of them disagree.
pub fn check(bytes: &[u8]) {
    let document = match Document::parse(bytes.to_vec(), &Limits::default()) {
        Ok(document) => document,
        Err(error) => return agrees(bytes, &error),
    };
    assert!(
        serde_json::from_slice::<serde::de::IgnoredAny>(without_mark(bytes)).is_ok(),
        "only we accept it"
    );
    visit(document.root());
    let Ok(envelope) = Envelope::read(document.root()) else { return };
    let stored = resource::stored(document.root(), "an-id", 1, 0);
    let again = Document::parse(stored, &Limits::default()).expect("what is stored is JSON");
    assert!(Envelope::read(again.root()).is_ok());
    let mut values = Vec::new();
    fhir::index::extract(again.root(), &Default::default(), &mut values).ok();
    let _ = (envelope, Bundle::read(&document, &Default::default()));
}

/// What we refuse, serde_json refuses, too, but for our own limits and duplicate keys.
fn agrees(bytes: &[u8], error: &Error) {
    let ours = matches!(
        error.kind(),
        ErrorKind::TooDeep { .. } | ErrorKind::TooLarge { .. } | ErrorKind::DuplicateKey(_)
    );
    assert!(
        ours || serde_json::from_slice::<serde_json::Value>(bytes).is_err(),
        "only we refuse it: {error}"
    );
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

/// Reads everything a reader may ask of every node.
fn visit(node: Node<'_>) {
    let _ = (node.as_str(), node.number_text(), node.as_bool(), node.raw(), node.kind());
    for item in node.items() {
        visit(item);
    }
    for (key, value) in node.members() {
        assert!(!key.as_str().is_empty() || node.raw().len() > 4);
        visit(value);
    }
}
