//! <https://hl7.org/fhirpath/N1/#math>. Roots, logarithms and fractional powers are computed in floating point and given with
//! 15 significant digits; everything else is exact.

use super::{Function, Run, function};
use crate::fhirpath::Error;
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::op::Call;
use crate::fhirpath::value::{Decimal, Quantity, Value};
use rust_decimal::RoundingStrategy::MidpointAwayFromZero;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

pub(super) const FUNCTIONS: &[Function] = &[
    function("abs", (0, 0), Run::Value(abs)),
    function("ceiling", (0, 0), Run::Value(ceiling)),
    function("floor", (0, 0), Run::Value(floor)),
    function("truncate", (0, 0), Run::Value(truncate)),
    function("round", (0, 1), Run::Value(round)),
    function("exp", (0, 0), Run::Value(exp)),
    function("ln", (0, 0), Run::Value(ln)),
    function("log", (1, 1), Run::Value(log)),
    function("power", (1, 1), Run::Value(power)),
    function("sqrt", (0, 0), Run::Value(sqrt)),
];

type One<'d> = Answer<Option<Value<'d>>>;

/// The number the function is called on.
fn subject<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    let name = call.function.name;
    match scope.value(&call.on, call.at, name)? {
        Some(other) if other.as_decimal().is_none() => {
            Err(Error::wrong_type(call.at, name, "a number", other.system().name()).into())
        }
        number => Ok(number),
    }
}

fn argument(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<Value<'static>>> {
    let name = call.function.name;
    match scope.value(&call.arguments[0], call.at, name)? {
        None => Ok(None),
        Some(Value::Integer(value)) => Ok(Some(Value::Integer(value))),
        Some(Value::Decimal(value)) => Ok(Some(Value::Decimal(value))),
        Some(other) => Err(Error::wrong_type(call.at, name, "a number", other.system().name()).into()),
    }
}

fn abs<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    Ok(match scope.value(&call.on, call.at, "abs")? {
        None => None,
        Some(Value::Integer(value)) => value.checked_abs().map(Value::Integer),
        Some(Value::Decimal(value)) => Some(Value::Decimal(value.abs())),
        Some(Value::Quantity(quantity)) => {
            Some(Value::Quantity(Box::new(Quantity { value: quantity.value.abs(), unit: quantity.unit })))
        }
        Some(other) => {
            return Err(Error::wrong_type(call.at, "abs", "a number", other.system().name()).into());
        }
    })
}

/// An integer, by rounding in a way.
fn whole<'d>(call: &Call, scope: &Scope<'_, 'd>, by: fn(&Decimal) -> Decimal) -> One<'d> {
    let number = subject(call, scope)?.and_then(|number| number.as_decimal());
    Ok(number.and_then(|number| by(&number).to_i64()).map(Value::Integer))
}

fn ceiling<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    whole(call, scope, Decimal::ceil)
}

fn floor<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    whole(call, scope, Decimal::floor)
}

fn truncate<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    whole(call, scope, Decimal::trunc)
}

/// Half away from zero, to so many digits after the point; a negative number of them is an error.
fn round<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    let Some(number) = subject(call, scope)?.and_then(|number| number.as_decimal()) else { return Ok(None) };
    let digits = match call.arguments.first() {
        None => 0,
        Some(digits) => scope.integer(digits, call.at, "round")?.unwrap_or(0),
    };
    let Ok(digits) = u32::try_from(digits) else {
        return Err(
            Error::wrong_type(call.at, "round", "a precision of zero or more", digits.to_string()).into()
        );
    };
    Ok(Some(Value::Decimal(number.round_dp_with_strategy(digits, MidpointAwayFromZero))))
}

fn float(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<f64>> {
    let number = subject(call, scope)?.and_then(|number| number.as_decimal());
    Ok(number.and_then(|number| number.to_f64()))
}

/// Nothing for what is no number, or none a decimal holds.
fn decimal<'d>(value: f64) -> Option<Value<'d>> {
    Decimal::from_f64(value).map(Value::Decimal)
}

fn exp<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    Ok(float(call, scope)?.and_then(|value| decimal(value.exp())))
}

fn ln<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    Ok(float(call, scope)?.and_then(|value| decimal(value.ln())))
}

fn sqrt<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    Ok(float(call, scope)?.and_then(|value| decimal(value.sqrt())))
}

fn log<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    let value = float(call, scope)?;
    let base = argument(call, scope)?.and_then(|base| base.as_decimal()).and_then(|base| base.to_f64());
    Ok(value.zip(base).and_then(|(value, base)| decimal(value.log(base))))
}

/// Whole powers of integers are integers, of decimals exact as far as their digits reach.
fn power<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    let Some(base) = subject(call, scope)? else { return Ok(None) };
    let Some(exponent) = argument(call, scope)? else { return Ok(None) };
    if let (Value::Integer(base), Value::Integer(exponent)) = (&base, &exponent)
        && let Ok(exponent) = u32::try_from(*exponent)
    {
        return Ok(base.checked_pow(exponent).map(Value::Integer));
    }
    let (Some(base), Some(exponent)) = (base.as_decimal(), exponent.as_decimal()) else { return Ok(None) };
    match exponent.to_u32().filter(|_| exponent.fract().is_zero()) {
        Some(exponent) => Ok(whole_power(base, exponent).map(Value::Decimal)),
        None => {
            Ok(base.to_f64().zip(exponent.to_f64()).and_then(|(base, exponent)| decimal(base.powf(exponent))))
        }
    }
}

/// By squaring; `None` when it outgrows a decimal.
fn whole_power(base: Decimal, exponent: u32) -> Option<Decimal> {
    let (mut power, mut square, mut left) = (Decimal::ONE, base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            power = power.checked_mul(square)?;
        }
        left >>= 1;
        if left > 0 {
            square = square.checked_mul(square)?;
        }
    }
    Some(power)
}
