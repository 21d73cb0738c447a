//! What fits no kind.

use super::super::collector::Collector;
use super::super::value::Value;
use super::Convert;
use super::number::read;
use crate::definitions::names::{self, NameId};
use crate::json::Node;

const LONGITUDE: NameId = names::lookup(b"longitude");
const LATITUDE: NameId = names::lookup(b"latitude");

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
