//! `$translate`: <https://hl7.org/fhir/R4/conceptmap-operation-translate.html>

use super::{
    definition::{Definition, Kind, Parameter, Types},
    terminology::{UNSUPPORTED, answer},
};
use fhir::terminology::operation::translate;
use futures::FutureExt;

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "translate",
    url: "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate",
    system: false,
    types: Types::Only(&["ConceptMap"]),
    on_type: true,
    on_instance: true,
    affects_state: false,
    parameters: &[
        Parameter::one("url", Kind::URI),
        Parameter::one("conceptMap", Kind::Complex),
        Parameter::one("conceptMapVersion", Kind::STRING),
        Parameter::one("code", Kind::CODE),
        Parameter::one("system", Kind::URI),
        Parameter::one("version", Kind::STRING),
        Parameter::one("source", Kind::URI),
        Parameter::one("coding", Kind::Complex),
        Parameter::one("codeableConcept", Kind::Complex),
        Parameter::one("target", Kind::URI),
        Parameter::one("targetsystem", Kind::URI),
        Parameter::many("dependency", Kind::Complex),
        Parameter::one("reverse", Kind::Boolean),
        Parameter::many("system-version", Kind::CANONICAL),
        Parameter::many("check-system-version", Kind::CANONICAL),
        Parameter::many("force-system-version", Kind::CANONICAL),
        Parameter::many("tx-resource", Kind::Complex),
    ],
    unsupported: UNSUPPORTED,
    bare: Some("conceptMap"),
    run: |invocation| answer(invocation, translate).boxed(),
};
