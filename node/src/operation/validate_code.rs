//! `$validate-code`: <https://hl7.org/fhir/R4/valueset-operation-validate-code.html> and
//! <https://hl7.org/fhir/R4/codesystem-operation-validate-code.html>

use super::{
    definition::{Definition, Kind, Parameter, Types},
    terminology::{UNSUPPORTED, answer},
};
use fhir::terminology::operation::{validate_code_in_code_system, validate_code_in_value_set};
use futures::FutureExt;

pub(super) const DEFINITIONS: &[Definition] = &[CODE_SYSTEM, VALUE_SET];

const CODE_SYSTEM: Definition = Definition {
    name: "validate-code",
    url: "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
    system: false,
    types: Types::Only(&["CodeSystem"]),
    on_type: true,
    on_instance: true,
    affects_state: false,
    parameters: &[
        Parameter::one("url", Kind::URI),
        Parameter::one("codeSystem", Kind::Complex),
        // R4 has url; some clients say it as for the other operations.
        Parameter::one("system", Kind::URI),
        Parameter::one("code", Kind::CODE),
        Parameter::one("version", Kind::STRING),
        Parameter::one("display", Kind::STRING),
        Parameter::one("coding", Kind::Complex),
        Parameter::one("codeableConcept", Kind::Complex),
        Parameter::one("date", Kind::DATE_TIME),
        Parameter::one("abstract", Kind::Boolean),
        Parameter::one("displayLanguage", Kind::CODE),
        Parameter::one("lenient-display-validation", Kind::Boolean),
        // The latest version is what is asked in any case, and what is wrong is always told.
        Parameter::one("default-to-latest-version", Kind::Boolean),
        Parameter::one("diagnostics", Kind::Boolean),
        Parameter::many("useSupplement", Kind::CANONICAL),
        Parameter::many("system-version", Kind::CANONICAL),
        Parameter::many("check-system-version", Kind::CANONICAL),
        Parameter::many("force-system-version", Kind::CANONICAL),
        Parameter::many("tx-resource", Kind::Complex),
    ],
    unsupported: UNSUPPORTED,
    bare: Some("codeSystem"),
    run: |invocation| answer(invocation, validate_code_in_code_system).boxed(),
};

/// `inferSystem` is R5's: for a code whose system the value set tells.
const VALUE_SET: Definition = Definition {
    name: "validate-code",
    url: "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
    system: false,
    types: Types::Only(&["ValueSet"]),
    on_type: true,
    on_instance: true,
    affects_state: false,
    parameters: &[
        Parameter::one("url", Kind::URI),
        Parameter::one("context", Kind::URI),
        Parameter::one("valueSet", Kind::Complex),
        Parameter::one("valueSetVersion", Kind::STRING),
        Parameter::one("code", Kind::CODE),
        Parameter::one("system", Kind::URI),
        Parameter::one("systemVersion", Kind::STRING),
        Parameter::one("display", Kind::STRING),
        Parameter::one("coding", Kind::Complex),
        Parameter::one("codeableConcept", Kind::Complex),
        Parameter::one("date", Kind::DATE_TIME),
        Parameter::one("abstract", Kind::Boolean),
        Parameter::one("inferSystem", Kind::Boolean),
        Parameter::one("displayLanguage", Kind::CODE),
        Parameter::one("lenient-display-validation", Kind::Boolean),
        // The latest version is what is asked in any case, and what is wrong is always told.
        Parameter::one("default-to-latest-version", Kind::Boolean),
        Parameter::one("diagnostics", Kind::Boolean),
        Parameter::one("valueset-membership-only", Kind::Boolean),
        Parameter::one("activeOnly", Kind::Boolean),
        Parameter::many("useSupplement", Kind::CANONICAL),
        Parameter::many("system-version", Kind::CANONICAL),
        Parameter::many("check-system-version", Kind::CANONICAL),
        Parameter::many("force-system-version", Kind::CANONICAL),
        Parameter::many("tx-resource", Kind::Complex),
    ],
    unsupported: UNSUPPORTED,
    bare: Some("valueSet"),
    run: |invocation| answer(invocation, validate_code_in_value_set).boxed(),
};
