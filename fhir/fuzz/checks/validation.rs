//! The validator on any document.

use fhir::json::{Document, Limits};
use fhir::validation;

/// Panics when the validator does, or when its issues are no OperationOutcome it accepts itself.
pub fn check(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes.to_vec(), &Limits::default()) else { return };
    let issues = validation::structure(document.root(), 20);
    let outcome = Document::parse(issues.outcome(), &Limits::default()).expect("an outcome is JSON");
    let of_outcome = validation::structure(outcome.root(), 20);
    assert!(of_outcome.is_valid(), "{:?}", of_outcome.iter().next());
}
