//! The validator on any document: a byte that says which level, the document.

use fhir::conformance::Core;
use fhir::json::{Document, Limits};
use fhir::terminology::Terminology;
use fhir::validation::{Options, Validator};
use std::sync::{Arc, LazyLock};

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let terminology = Arc::new(Terminology::new(Arc::new(Core), Default::default()));
    let options = Options { issues_max: 20, steps_max: 50_000, ..Options::default() };
    Validator::new(Arc::new(Core), terminology, options)
});

/// Panics when the validator does, when its issues are no OperationOutcome it accepts itself, or when the full level accepts
/// what the structure level refuses.
pub fn check(bytes: &[u8]) {
    let Some((&level, bytes)) = bytes.split_first() else { return };
    let Ok(document) = Document::parse(bytes.to_vec(), &Limits::default()) else { return };
    let structure = VALIDATOR.structure(document.root());
    let issues = match level % 4 {
        0 => VALIDATOR.validate(document.root(), &["http://hl7.org/fhir/StructureDefinition/vitalsigns"]),
        _ => VALIDATOR.structure(document.root()),
    };
    assert!(structure.is_valid() || !issues.is_valid(), "only the structure level refuses it");
    let outcome = Document::parse(issues.outcome(), &Limits::default()).expect("an outcome is JSON");
    let of_outcome = VALIDATOR.structure(outcome.root());
    assert!(of_outcome.is_valid(), "{:?}", of_outcome.iter().next());
}
