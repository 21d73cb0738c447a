//! <https://hl7.org/fhir/R4/search.html#quantity>

use super::super::collector::Collector;
use super::super::number::NumberRange;
use super::super::value::Value;
use super::number::{limits, read};
use super::{Convert, text};
use crate::definitions::names::{self, NameId};
use crate::json::Node;

const VALUE: NameId = names::lookup(b"value");
const SYSTEM: NameId = names::lookup(b"system");
const CODE: NameId = names::lookup(b"code");
const UNIT: NameId = names::lookup(b"unit");
const CURRENCY: NameId = names::lookup(b"currency");
const LOW: NameId = names::lookup(b"low");
const HIGH: NameId = names::lookup(b"high");
const ORIGIN: NameId = names::lookup(b"origin");
const LOWER_LIMIT: NameId = names::lookup(b"lowerLimit");
const UPPER_LIMIT: NameId = names::lookup(b"upperLimit");
const CURRENCIES: &str = "urn:iso:std:iso:4217";

pub(super) fn converter(type_name: &str) -> Option<Convert> {
    Some(match type_name {
        // Age, Count, Distance and Duration derive from Quantity.
        "Quantity" => quantity,
        "Money" => money,
        "Range" => range,
        "SampledData" => sampled_data,
        _ => return None,
    })
}

fn quantity(value: Node<'_>, out: &mut Collector<'_, '_>) {
    let Some(number) = value.get_name(VALUE) else { return };
    let Some((NumberRange { value: key, low, high }, digits)) = read(number, out) else { return };
    add(value, (key, low, high), digits, out);
}

/// The unit is taken from `of`.
fn add(of: Node<'_>, (value, low, high): (i64, i64, i64), digits: &str, out: &mut Collector<'_, '_>) {
    let (system, code, unit) = (text(of, SYSTEM), text(of, CODE), text(of, UNIT));
    let (system, code, unit) = (system.as_deref(), code.as_deref(), unit.as_deref());
    out.add(Value::Quantity { value, low, high, text: digits, system, code, unit });
}

fn money(value: Node<'_>, out: &mut Collector<'_, '_>) {
    let Some(number) = value.get_name(VALUE) else { return };
    let Some((NumberRange { value: key, low, high }, digits)) = read(number, out) else { return };
    let currency = text(value, CURRENCY);
    let (system, code) = (currency.as_ref().map(|_| CURRENCIES), currency.as_deref());
    out.add(Value::Quantity { value: key, low, high, text: digits, system, code, unit: code });
}

fn range(value: Node<'_>, out: &mut Collector<'_, '_>) {
    let (low, high) = (value.get_name(LOW), value.get_name(HIGH));
    let Some(unit) = low.or(high) else { return };
    if let Some((low, high)) = limits(low, high, VALUE, out) {
        add(unit, (low, low, high), "", out);
    }
}

/// The interval between the limits in the unit of the origin; without both limits the data say nothing searchable.
fn sampled_data(value: Node<'_>, out: &mut Collector<'_, '_>) {
    let (Some(origin), Some(lower), Some(upper)) =
        (value.get_name(ORIGIN), value.get_name(LOWER_LIMIT), value.get_name(UPPER_LIMIT))
    else {
        return;
    };
    if let (Some((low, _)), Some((high, _))) = (read(lower, out), read(upper, out)) {
        add(origin, (low.value, low.value, high.value), "", out);
    }
}
