//! `$convert`: <https://hl7.org/fhir/R4/resource-operation-convert.html>. A resource in another format: it is answered as it came, and the
//! wire writes it as the caller asks.

use super::{
    Invocation,
    definition::{Definition, Kind, Parameter, Types},
};
use bytes::Bytes;
use fhir::resource::Envelope;
use futures::{FutureExt, future};
use proto::{Code, Error};

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "convert",
    url: "http://hl7.org/fhir/OperationDefinition/Resource-convert",
    system: true,
    types: Types::None,
    on_type: false,
    on_instance: false,
    affects_state: false,
    parameters: &[Parameter::one("input", Kind::Complex)],
    unsupported: &[],
    bare: Some("input"),
    run: |invocation| future::ready(convert(invocation)).boxed(),
};

fn convert(mut invocation: Invocation) -> Result<Bytes, Error> {
    let given = invocation.input.take_resource("input", &invocation.caller.session().options().json)?;
    let given = given.ok_or_else(|| Error::new(Code::BadRequest, "send the resource to be converted"))?;
    Envelope::read(given.root()).map_err(|error| crate::draft::invalid(&error))?;
    Ok(given.source().slice(given.root().span()))
}
