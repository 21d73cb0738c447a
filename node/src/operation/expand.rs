//! `$expand`: <https://hl7.org/fhir/R4/valueset-operation-expand.html>

use super::{
    definition::{Definition, Kind, Parameter, Types},
    terminology::{UNSUPPORTED, answer},
};
use fhir::terminology::operation::expand;
use futures::FutureExt;

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "expand",
    url: "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
    system: false,
    types: Types::Only(&["ValueSet"]),
    on_type: true,
    on_instance: true,
    affects_state: false,
    parameters: &[
        Parameter::one("url", Kind::URI),
        Parameter::one("valueSet", Kind::Complex),
        Parameter::one("valueSetVersion", Kind::STRING),
        Parameter::one("context", Kind::URI),
        Parameter::one("contextDirection", Kind::CODE),
        Parameter::one("filter", Kind::STRING),
        Parameter::one("date", Kind::DATE_TIME),
        Parameter::one("offset", Kind::Integer),
        Parameter::one("count", Kind::Integer),
        Parameter::one("includeDesignations", Kind::Boolean),
        Parameter::many("designation", Kind::STRING),
        Parameter::one("includeDefinition", Kind::Boolean),
        Parameter::one("activeOnly", Kind::Boolean),
        Parameter::one("excludeNested", Kind::Boolean),
        Parameter::one("excludeNotForUI", Kind::Boolean),
        Parameter::one("excludePostCoordinated", Kind::Boolean),
        Parameter::one("displayLanguage", Kind::CODE),
        Parameter::many("useSupplement", Kind::CANONICAL),
        Parameter::many("exclude-system", Kind::CANONICAL),
        Parameter::many("system-version", Kind::CANONICAL),
        Parameter::many("check-system-version", Kind::CANONICAL),
        Parameter::many("force-system-version", Kind::CANONICAL),
        Parameter::many("property", Kind::STRING),
        Parameter::many("tx-resource", Kind::Complex),
    ],
    unsupported: UNSUPPORTED,
    bare: Some("valueSet"),
    run: |invocation| answer(invocation, expand).boxed(),
};
