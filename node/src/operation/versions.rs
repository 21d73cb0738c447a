//! `$versions`: <https://hl7.org/fhir/R4/capabilitystatement-operation-versions.html>

use super::{
    Invocation,
    definition::{Definition, Types},
};
use bytes::Bytes;
use futures::{FutureExt, future};

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "versions",
    url: "http://hl7.org/fhir/OperationDefinition/CapabilityStatement-versions",
    system: true,
    types: Types::None,
    on_type: false,
    on_instance: false,
    affects_state: false,
    parameters: &[],
    unsupported: &[],
    bare: None,
    run: |_: Invocation| future::ready(Ok(ANSWER)).boxed(),
};

/// Major and minor version of FHIR, as the operation wants them. There is one.
const ANSWER: Bytes = Bytes::from_static(
    br#"{"resourceType":"Parameters","parameter":[{"name":"version","valueString":"4.0"},{"name":"default","valueString":"4.0"}]}"#,
);
