//! `$subsumes`: <https://hl7.org/fhir/R4/codesystem-operation-subsumes.html>

use super::{
    definition::{Definition, Kind, Parameter, Types},
    terminology::{UNSUPPORTED, answer},
};
use fhir::terminology::operation::subsumes;
use futures::FutureExt;

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "subsumes",
    url: "http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
    system: false,
    types: Types::Only(&["CodeSystem"]),
    on_type: true,
    on_instance: true,
    affects_state: false,
    parameters: &[
        Parameter::one("codeA", Kind::CODE),
        Parameter::one("codeB", Kind::CODE),
        Parameter::one("system", Kind::URI),
        Parameter::one("version", Kind::STRING),
        Parameter::one("codingA", Kind::Complex),
        Parameter::one("codingB", Kind::Complex),
        Parameter::many("system-version", Kind::CANONICAL),
        Parameter::many("check-system-version", Kind::CANONICAL),
        Parameter::many("force-system-version", Kind::CANONICAL),
        Parameter::many("tx-resource", Kind::Complex),
    ],
    unsupported: UNSUPPORTED,
    bare: None,
    run: |invocation| answer(invocation, subsumes).boxed(),
};
