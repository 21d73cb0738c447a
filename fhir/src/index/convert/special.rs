//! What fits no kind: positions, and booleans of which absence is a value.

use super::super::collector::{Collector, Sink};
use super::super::value::Value;
use super::Convert;
use super::number::read;
use crate::definitions::ParamId;
use crate::definitions::names::{self, NameId};
use crate::json::Node;

const LONGITUDE: NameId = names::lookup(b"longitude");
const LATITUDE: NameId = names::lookup(b"latitude");
const DECEASED_BOOLEAN: NameId = names::lookup(b"deceasedBoolean");
const DECEASED_DATE_TIME: NameId = names::lookup(b"deceasedDateTime");

pub(super) fn converter(type_name: &str) -> Option<Convert> {
    (type_name == "Location.position").then_some(position as Convert)
}

/// `Location.near`
fn position(value: Node<'_>, out: &mut Collector<'_, '_>) {
    let (Some(longitude), Some(latitude)) = (value.get_name(LONGITUDE), value.get_name(LATITUDE)) else {
        return;
    };
    if let (Some((longitude, _)), Some((latitude, _))) = (read(longitude, out), read(latitude, out)) {
        out.add(Value::Position { longitude: longitude.value, latitude: latitude.value });
    }
}

/// `Patient.deceased.exists() and Patient.deceased != false` is a boolean for every patient: one without the element
/// is found by `deceased=false`.
pub(in super::super) fn patient_deceased(patient: Node<'_>, out: &mut Collector<'_, '_>) {
    const DECEASED: Option<ParamId> = ParamId::from_code("deceased");
    let Some(param) = DECEASED else { return };
    out.begin(&[]);
    let marked = patient.get_name(DECEASED_BOOLEAN).and_then(Node::as_bool);
    let dated = patient.get_name(DECEASED_DATE_TIME).and_then(Node::as_str).is_some();
    let code = if dated || marked == Some(true) { "true" } else { "false" };
    out.add(Value::Token { system: None, code: Some(code) });
    out.end(&[Sink { param, slot: None }]);
}
