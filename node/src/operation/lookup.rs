//! `$lookup`: <https://hl7.org/fhir/R4/codesystem-operation-lookup.html>

use super::{
    definition::{Definition, Kind, Parameter, Types},
    terminology::{UNSUPPORTED, answer},
};
use fhir::terminology::operation::lookup;
use futures::FutureExt;

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "lookup",
    url: "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
    system: false,
    types: Types::Only(&["CodeSystem"]),
    on_type: true,
    on_instance: false,
    affects_state: false,
    parameters: &[
        Parameter::one("code", Kind::CODE),
        Parameter::one("system", Kind::URI),
        Parameter::one("version", Kind::STRING),
        Parameter::one("coding", Kind::Complex),
        Parameter::one("date", Kind::DATE_TIME),
        Parameter::one("displayLanguage", Kind::CODE),
        Parameter::many("property", Kind::CODE),
        Parameter::many("useSupplement", Kind::CANONICAL),
        Parameter::many("system-version", Kind::CANONICAL),
        Parameter::many("check-system-version", Kind::CANONICAL),
        Parameter::many("force-system-version", Kind::CANONICAL),
        Parameter::many("tx-resource", Kind::Complex),
    ],
    unsupported: UNSUPPORTED,
    bare: None,
    run: |invocation| answer(invocation, lookup).boxed(),
};
