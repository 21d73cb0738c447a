//! `lowBoundary`, `highBoundary`, `precision`, `comparable` (standard for trial use,
//! <https://hl7.org/fhirpath/#boundary-functions>).

use super::{Function, Run, function};
use crate::fhirpath::Error;
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::op::Call;
use crate::fhirpath::value::{Decimal, End, Quantity, TemporalKind, Value};
use rust_decimal::RoundingStrategy::{MidpointAwayFromZero, ToZero};

pub(super) const FUNCTIONS: &[Function] = &[
    function("lowBoundary", (0, 1), Run::Value(low)),
    function("highBoundary", (0, 1), Run::Value(high)),
    function("precision", (0, 0), Run::Value(precision)),
    function("comparable", (1, 1), Run::Truth(comparable)),
];

/// Digits after the point of a decimal's boundary when none are asked for, and at most.
const DIGITS: i64 = 8;
const DIGITS_MAX: i64 = 28;

fn low<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    boundary(call, scope, End::Low)
}

fn high<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    boundary(call, scope, End::High)
}

fn boundary<'d>(call: &Call, scope: &Scope<'_, 'd>, end: End) -> Answer<Option<Value<'d>>> {
    let name = call.function.name;
    let Some(value) = scope.value(&call.on, call.at, name)? else { return Ok(None) };
    let digits = match call.arguments.first() {
        None => None,
        Some(digits) => scope.integer(digits, call.at, name)?,
    };
    Ok(match value {
        Value::Integer(whole) => decimal(Decimal::from(whole), end, digits).map(Value::Decimal),
        Value::Decimal(value) => decimal(value, end, digits).map(Value::Decimal),
        Value::Quantity(quantity) => {
            let bound = decimal(quantity.value, end, digits);
            bound.map(|value| Value::Quantity(Box::new(Quantity { value, unit: quantity.unit })))
        }
        Value::Temporal(temporal) => {
            let whole = match temporal.kind() {
                TemporalKind::Date => 8,
                TemporalKind::DateTime => 17,
                TemporalKind::Time => 9,
            };
            let digits = u32::try_from(digits.unwrap_or(whole)).ok();
            digits.and_then(|digits| temporal.boundary(end, digits)).map(Value::Temporal)
        }
        other => {
            return Err(Error::wrong_type(
                call.at,
                name,
                "a number, quantity, date or time",
                other.system().name(),
            )
            .into());
        }
    })
}

/// Half a unit of the last digit below or above. With fewer digits than that the end towards zero is cut off and the end away
/// from it rounded to the nearest, as the official suite has it.
fn decimal(value: Decimal, end: End, digits: Option<i64>) -> Option<Decimal> {
    let digits = digits.unwrap_or(DIGITS);
    let digits = u32::try_from(digits).ok().filter(|_| digits <= DIGITS_MAX)?;
    let half = Decimal::try_new(5, value.scale().checked_add(1)?).ok()?;
    let bound = match end {
        End::Low => value.checked_sub(half)?,
        End::High => value.checked_add(half)?,
    };
    let outward = (end == End::High) == (value.is_sign_positive() || value.is_zero());
    let strategy = if outward { MidpointAwayFromZero } else { ToZero };
    let mut bound = bound.round_dp_with_strategy(digits, strategy);
    bound.rescale(digits);
    // Too many digits before the point leave no room for those asked for.
    (bound.scale() == digits).then_some(bound)
}

/// Digits: of a decimal those after the point, of a date or time all.
fn precision<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    let digits = match scope.value(&call.on, call.at, "precision")? {
        None => return Ok(None),
        Some(Value::Integer(_)) => 0,
        Some(Value::Decimal(value)) => value.scale(),
        Some(Value::Temporal(temporal)) => temporal.digits(),
        Some(other) => {
            let found = other.system().name();
            return Err(Error::wrong_type(call.at, "precision", "a decimal, date or time", found).into());
        }
    };
    Ok(Some(Value::Integer(digits.into())))
}

/// Whether two quantities measure the same.
fn comparable(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let one = scope.value(&call.on, call.at, "comparable")?;
    let other = scope.value(&call.arguments[0], call.at, "comparable")?;
    let Some((one, other)) = one.zip(other) else { return Ok(None) };
    match (one.as_quantity(), other.as_quantity()) {
        (Some(one), Some(other)) => Ok(Some(one.comparable(&other))),
        _ => Err(Error::wrong_type(call.at, "comparable", "quantities", other.system().name()).into()),
    }
}
