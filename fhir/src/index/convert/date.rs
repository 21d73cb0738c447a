//! <https://hl7.org/fhir/R4/search.html#date>

use super::super::collector::Collector;
use super::super::date::date_range;
use super::super::value::Value;
use super::Convert;
use crate::definitions::names::{self, NameId};
use crate::json::Node;

const START: NameId = names::lookup(b"start");
const END: NameId = names::lookup(b"end");
const EVENT: NameId = names::lookup(b"event");
const REPEAT: NameId = names::lookup(b"repeat");
const BOUNDS_PERIOD: NameId = names::lookup(b"boundsPeriod");

pub(super) fn converter(type_name: &str) -> Option<Convert> {
    Some(match type_name {
        "date" | "dateTime" | "instant" => point,
        "Period" => period,
        "Timing" => timing,
        _ => return None,
    })
}

fn point(value: Node<'_>, out: &mut Collector<'_, '_>) {
    if let Some((low_ms, high_ms)) = range(value, out) {
        out.add(Value::Date { low_ms, high_ms });
    }
}

fn range(value: Node<'_>, out: &mut Collector<'_, '_>) -> Option<(i64, i64)> {
    let range = value.as_str().and_then(|text| date_range(&text).ok());
    if range.is_none() {
        out.note(value, "not a date or time");
    }
    range
}

fn period(value: Node<'_>, out: &mut Collector<'_, '_>) {
    if let Some((low_ms, high_ms)) = period_range(value, out) {
        out.add(Value::Date { low_ms, high_ms });
    }
}

/// A missing end is open. A period with neither end says nothing, one with an unreadable end is left out.
fn period_range(value: Node<'_>, out: &mut Collector<'_, '_>) -> Option<(i64, i64)> {
    let (start, end) = (value.get_name(START), value.get_name(END));
    if start.is_none() && end.is_none() {
        return None;
    }
    let low_ms = start.map_or(Some(i64::MIN), |start| Some(range(start, out)?.0))?;
    let high_ms = end.map_or(Some(i64::MAX), |end| Some(range(end, out)?.1))?;
    Some((low_ms, high_ms))
}

/// "The specified scheduling details are ignored and only the outer limits matter": one interval around the events and
/// the bounds.
fn timing(value: Node<'_>, out: &mut Collector<'_, '_>) {
    let mut limits: Option<(i64, i64)> = None;
    let mut widen = |(low, high): (i64, i64)| {
        limits = Some(limits.map_or((low, high), |(lowest, highest)| (lowest.min(low), highest.max(high))));
    };
    for event in value.get_name(EVENT).into_iter().flat_map(Node::items) {
        range(event, out).map(&mut widen);
    }
    if let Some(bounds) = value.get_name(REPEAT).and_then(|repeat| repeat.get_name(BOUNDS_PERIOD)) {
        period_range(bounds, out).map(&mut widen);
    }
    if let Some((low_ms, high_ms)) = limits {
        out.add(Value::Date { low_ms, high_ms });
    }
}
