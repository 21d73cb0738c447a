//! <https://hl7.org/fhirpath/N1/#conversion>

use super::{Function, Out, Run, Step, function, lambda};
use crate::fhirpath::Error;
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::op::{Call, Op};
use crate::fhirpath::value::{
    Decimal, Quantity, Temporal, TemporalKind, Unit, Value, parse_boolean, parse_decimal, parse_quantity,
};

pub(super) const FUNCTIONS: &[Function] = &[
    lambda("iif", (2, 3), Run::Items(iif)),
    function("toBoolean", (0, 0), Run::Value(to::<ToBoolean>)),
    function("convertsToBoolean", (0, 0), Run::Truth(converts::<ToBoolean>)),
    function("toInteger", (0, 0), Run::Value(to::<ToInteger>)),
    function("convertsToInteger", (0, 0), Run::Truth(converts::<ToInteger>)),
    function("toDecimal", (0, 0), Run::Value(to::<ToDecimal>)),
    function("convertsToDecimal", (0, 0), Run::Truth(converts::<ToDecimal>)),
    function("toString", (0, 0), Run::Value(to::<ToText>)),
    function("convertsToString", (0, 0), Run::Truth(converts::<ToText>)),
    function("toDate", (0, 0), Run::Value(to::<ToDate>)),
    function("convertsToDate", (0, 0), Run::Truth(converts::<ToDate>)),
    function("toDateTime", (0, 0), Run::Value(to::<ToDateTime>)),
    function("convertsToDateTime", (0, 0), Run::Truth(converts::<ToDateTime>)),
    function("toTime", (0, 0), Run::Value(to::<ToTime>)),
    function("convertsToTime", (0, 0), Run::Truth(converts::<ToTime>)),
    function("toQuantity", (0, 1), Run::Value(to_quantity)),
    function("convertsToQuantity", (0, 1), Run::Truth(converts_to_quantity)),
];

/// The criterion must be a boolean or nothing; only the branch it chooses is evaluated.
fn iif<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    let item = match call.on {
        Op::This => None,
        _ => scope.single(&call.on, call.at, "iif()")?,
    };
    let inner = match (&item, &call.on) {
        (Some(item), _) => scope.with(item, 0),
        (None, Op::This) => *scope,
        (None, _) => Scope { this: None, ..*scope },
    };
    let criterion = match inner.value(&call.arguments[0], call.at, "iif()")? {
        None => false,
        Some(Value::Boolean(value)) => value,
        Some(other) => {
            return Err(Error::wrong_type(call.at, "iif()", "a boolean", other.system().name()).into());
        }
    };
    match (criterion, call.arguments.get(2)) {
        (true, _) => inner.run(&call.arguments[1], out),
        (false, Some(otherwise)) => inner.run(otherwise, out),
        (false, None) => Ok(()),
    }
}

/// What a value can be converted to.
trait Target {
    fn convert<'d>(value: Value<'d>) -> Option<Value<'d>>;
}

fn to<'d, T: Target>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    Ok(scope.value(&call.on, call.at, call.function.name)?.and_then(T::convert))
}

fn converts<T: Target>(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let Some(item) = scope.single(&call.on, call.at, call.function.name)? else { return Ok(None) };
    Ok(Some(item.value().and_then(T::convert).is_some()))
}

struct ToBoolean;
impl Target for ToBoolean {
    fn convert<'d>(value: Value<'d>) -> Option<Value<'d>> {
        let truth = match value {
            Value::Boolean(value) => Some(value),
            Value::String(text) => parse_boolean(&text),
            _ => {
                let number = value.as_decimal()?;
                (number.is_zero() || number == Decimal::ONE).then(|| !number.is_zero())
            }
        };
        truth.map(Value::Boolean)
    }
}

struct ToInteger;
impl Target for ToInteger {
    fn convert<'d>(value: Value<'d>) -> Option<Value<'d>> {
        let integer = match value {
            Value::Integer(value) => i32::try_from(value).ok(),
            Value::Boolean(value) => Some(i32::from(value)),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        integer.map(|value| Value::Integer(value.into()))
    }
}

struct ToDecimal;
impl Target for ToDecimal {
    fn convert<'d>(value: Value<'d>) -> Option<Value<'d>> {
        let decimal = match value {
            Value::Boolean(value) => Some(if value { Decimal::new(10, 1) } else { Decimal::new(0, 1) }),
            // An exponent is no part of FHIRPath's decimals.
            Value::String(text) if text.contains(['e', 'E']) => None,
            Value::String(text) => parse_decimal(&text),
            _ => value.as_decimal(),
        };
        decimal.map(Value::Decimal)
    }
}

struct ToText;
impl Target for ToText {
    fn convert<'d>(value: Value<'d>) -> Option<Value<'d>> {
        Some(match value {
            Value::String(_) => value,
            Value::Type(_) => return None,
            other => Value::text(other.to_string()),
        })
    }
}

struct ToDate;
impl Target for ToDate {
    fn convert<'d>(value: Value<'d>) -> Option<Value<'d>> {
        let temporal = match value {
            Value::Temporal(temporal) => temporal.to_date(),
            Value::String(text) => Temporal::parse_date_time(&text).and_then(Temporal::to_date),
            _ => None,
        };
        temporal.map(Value::Temporal)
    }
}

struct ToDateTime;
impl Target for ToDateTime {
    fn convert<'d>(value: Value<'d>) -> Option<Value<'d>> {
        let temporal = match value {
            Value::Temporal(temporal) => temporal.to_date_time(),
            Value::String(text) => Temporal::parse_date_time(&text),
            _ => None,
        };
        temporal.map(Value::Temporal)
    }
}

struct ToTime;
impl Target for ToTime {
    fn convert<'d>(value: Value<'d>) -> Option<Value<'d>> {
        let temporal = match value {
            Value::Temporal(temporal) if temporal.kind() == TemporalKind::Time => Some(temporal),
            Value::String(text) => Temporal::parse_time(text.strip_prefix('T').unwrap_or(&text)),
            _ => None,
        };
        temporal.map(Value::Temporal)
    }
}

fn as_quantity(value: &Value<'_>) -> Option<Quantity> {
    match value {
        Value::Boolean(value) => {
            let value = if *value { Decimal::new(10, 1) } else { Decimal::new(0, 1) };
            Some(Quantity { value, unit: Unit::one() })
        }
        Value::String(text) => parse_quantity(text),
        _ => value.as_quantity(),
    }
}

/// With an argument: in that unit, if it can be.
fn converted(call: &Call, scope: &Scope<'_, '_>, value: &Value<'_>) -> Answer<Option<Quantity>> {
    let quantity = as_quantity(value);
    let (Some(quantity), Some(argument)) = (quantity.clone(), call.arguments.first()) else {
        return Ok(quantity);
    };
    let Some(unit) = scope.text(argument, call.at, call.function.name)? else { return Ok(None) };
    let target = Quantity { value: Decimal::ONE, unit: Unit::from_text(&unit) };
    Ok(target.convert(&quantity).map(|value| Quantity { value, unit: target.unit }))
}

fn to_quantity<'d>(call: &Call, scope: &Scope<'_, 'd>) -> Answer<Option<Value<'d>>> {
    let Some(value) = scope.value(&call.on, call.at, call.function.name)? else { return Ok(None) };
    Ok(converted(call, scope, &value)?.map(|quantity| Value::Quantity(Box::new(quantity))))
}

fn converts_to_quantity(call: &Call, scope: &Scope<'_, '_>) -> Answer<Option<bool>> {
    let Some(item) = scope.single(&call.on, call.at, call.function.name)? else { return Ok(None) };
    let Some(value) = item.value() else { return Ok(Some(false)) };
    Ok(Some(converted(call, scope, &value)?.is_some()))
}
