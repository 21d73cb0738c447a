//! <https://hl7.org/fhir/R4/search.html#number>

use super::super::collector::Collector;
use super::super::number::{NumberRange, decimal_range};
use super::super::value::Value;
use super::Convert;
use crate::definitions::names::{self, NameId};
use crate::json::Node;

const LOW: NameId = names::lookup(b"low");
const HIGH: NameId = names::lookup(b"high");
const VALUE: NameId = names::lookup(b"value");

pub(super) fn converter(type_name: &str) -> Option<Convert> {
    Some(match type_name {
        "decimal" | "integer" => number,
        "Range" => range,
        _ => return None,
    })
}

fn number(value: Node<'_>, out: &mut Collector<'_, '_>) {
    if let Some((NumberRange { value, low, high }, text)) = read(value, out) {
        out.add(Value::Number { value, low, high, text });
    }
}

/// The keys of a JSON number and its text; what is none is noted.
pub(super) fn read<'d>(value: Node<'d>, out: &mut Collector<'_, '_>) -> Option<(NumberRange, &'d str)> {
    let read = value.number_text().and_then(|text| Some((decimal_range(text).ok()?, text)));
    if read.is_none() {
        out.note(value, "not a number that fits");
    }
    read
}

fn range(value: Node<'_>, out: &mut Collector<'_, '_>) {
    if let Some((low, high)) = limits(value.get_name(LOW), value.get_name(HIGH), VALUE, out) {
        out.add(Value::Number { value: low, low, high, text: "" });
    }
}

/// The limits of an interval given by two elements that hold their number in `name`; a missing one is open.
pub(super) fn limits(
    low: Option<Node<'_>>,
    high: Option<Node<'_>>,
    name: NameId,
    out: &mut Collector<'_, '_>,
) -> Option<(i64, i64)> {
    let (low, high) = (low.and_then(|low| low.get_name(name)), high.and_then(|high| high.get_name(name)));
    if low.is_none() && high.is_none() {
        return None;
    }
    let low = low.map_or(Some(i64::MIN), |low| Some(read(low, out)?.0.value))?;
    let high = high.map_or(Some(i64::MAX), |high| Some(read(high, out)?.0.value))?;
    Some((low, high))
}
