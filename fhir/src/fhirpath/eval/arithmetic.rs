//! `+ - * / div mod &` and signs (<https://hl7.org/fhirpath/N1/#math>).

use super::{Answer, Out, Scope, Step};
use crate::fhirpath::Error;
use crate::fhirpath::ast::{CalendarUnit, Operator};
use crate::fhirpath::item::Item;
use crate::fhirpath::op::{Binary, Op};
use crate::fhirpath::value::{Decimal, Quantity, Temporal, Unit, Value};
use rust_decimal::prelude::ToPrimitive;

/// Two values to one: `Ok(None)` is the empty answer, `Err(())` that the types do not fit.
type Outcome<'d> = Result<Option<Value<'d>>, ()>;

impl<'s, 'd> Scope<'s, 'd> {
    pub(super) fn arithmetic(&self, binary: &Binary, out: &mut Out<'_, 'd>) -> Step {
        let what = binary.operator.symbol();
        let left = self.value(&binary.left, binary.at, what)?;
        let right = self.value(&binary.right, binary.at, what)?;
        let value = match binary.operator {
            Operator::Concatenate => self.concatenate(left, right, binary.at)?,
            _ => match (left, right) {
                (Some(left), Some(right)) => self.apply(binary, &left, &right)?,
                _ => None,
            },
        };
        value.map_or(Ok(()), |value| out(Item::Value(value)))
    }

    fn apply(&self, binary: &Binary, left: &Value<'d>, right: &Value<'d>) -> Answer<Option<Value<'d>>> {
        let outcome = match (binary.operator, left, right) {
            (Operator::Add, Value::String(left), Value::String(right)) => {
                return self.env.text(format!("{}{}", &**left, &**right), binary.at).map(Some);
            }
            (Operator::Add, Value::Temporal(time), Value::Quantity(quantity)) => shift(*time, quantity, 1),
            (Operator::Subtract, Value::Temporal(time), Value::Quantity(quantity)) => {
                shift(*time, quantity, -1)
            }
            (operator, Value::Quantity(_), _) | (operator, _, Value::Quantity(_)) => {
                quantities(operator, left, right)
            }
            (operator, Value::Integer(left), Value::Integer(right)) => integers(operator, *left, *right),
            (operator, _, _) => decimals(operator, left, right),
        };
        outcome.map_err(|()| {
            let name = |value: &Value<'_>| value.system().name().to_owned();
            let operator = binary.operator.symbol();
            Error::Operands { at: binary.at, operator, left: name(left), right: name(right) }.into()
        })
    }

    /// Strings joined; an empty operand is an empty text.
    fn concatenate(
        &self,
        left: Option<Value<'d>>,
        right: Option<Value<'d>>,
        at: u32,
    ) -> Answer<Option<Value<'d>>> {
        let mut joined = String::new();
        for side in [left, right].into_iter().flatten() {
            match side {
                Value::String(text) => joined.push_str(&text),
                other => return Err(Error::wrong_type(at, "&", "strings", other.system().name()).into()),
            }
        }
        self.env.text(joined, at).map(Some)
    }

    pub(super) fn negate(&self, operand: &Op, at: u32, out: &mut Out<'_, 'd>) -> Step {
        let value = match self.value(operand, at, "-")? {
            None => return Ok(()),
            Some(Value::Integer(value)) => value.checked_neg().map(Value::Integer),
            Some(Value::Decimal(value)) => Some(Value::Decimal(-value)),
            Some(Value::Quantity(quantity)) => {
                Some(Value::Quantity(Box::new(Quantity { value: -quantity.value, unit: quantity.unit })))
            }
            Some(other) => return Err(Error::wrong_type(at, "-", "a number", other.system().name()).into()),
        };
        value.map_or(Ok(()), |value| out(Item::Value(value)))
    }

    pub(super) fn plus(&self, operand: &Op, at: u32, out: &mut Out<'_, 'd>) -> Step {
        match self.value(operand, at, "+")? {
            None => Ok(()),
            Some(value @ (Value::Integer(_) | Value::Decimal(_) | Value::Quantity(_))) => {
                out(Item::Value(value))
            }
            Some(other) => Err(Error::wrong_type(at, "+", "a number", other.system().name()).into()),
        }
    }
}

/// Integers have 32 bits; what does not fit is empty.
pub(in crate::fhirpath) fn integer(value: i64) -> Option<Value<'static>> {
    i32::try_from(value).ok().map(|_| Value::Integer(value))
}

fn integers<'d>(operator: Operator, left: i64, right: i64) -> Outcome<'d> {
    let value = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Div => left.checked_div(right),
        Operator::Mod => left.checked_rem(right),
        Operator::Divide => return decimals(operator, &Value::Integer(left), &Value::Integer(right)),
        _ => return Err(()),
    };
    Ok(value.and_then(integer))
}

fn decimals<'d>(operator: Operator, left: &Value<'_>, right: &Value<'_>) -> Outcome<'d> {
    let (Some(left), Some(right)) = (left.as_decimal(), right.as_decimal()) else { return Err(()) };
    let value = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => left.checked_div(right),
        Operator::Mod => left.checked_rem(right),
        Operator::Div => {
            let whole = left.checked_div(right).and_then(|quotient| quotient.trunc().to_i64());
            return Ok(whole.and_then(integer));
        }
        _ => return Err(()),
    };
    Ok(value.map(Value::Decimal))
}

fn quantities<'d>(operator: Operator, left: &Value<'_>, right: &Value<'_>) -> Outcome<'d> {
    let (Some(left), Some(right)) = (left.as_quantity(), right.as_quantity()) else { return Err(()) };
    let quantity = match operator {
        Operator::Multiply => left.multiply(&right),
        Operator::Divide => left.divide(&right),
        Operator::Add | Operator::Subtract => left.convert(&right).and_then(|other| {
            let value: Option<Decimal> = match operator {
                Operator::Add => left.value.checked_add(other),
                _ => left.value.checked_sub(other),
            };
            Some(Quantity { value: value?, unit: left.unit.clone() })
        }),
        _ => return Err(()),
    };
    Ok(quantity.map(|quantity| Value::Quantity(Box::new(quantity))))
}

/// A date or time moved by whole calendar units. UCUM's year and month are no calendar's: an error.
fn shift<'d>(time: Temporal, quantity: &Quantity, sign: i64) -> Outcome<'d> {
    let unit = match &quantity.unit {
        Unit::Calendar(unit) => *unit,
        Unit::Ucum(code) => match &**code {
            "wk" => CalendarUnit::Week,
            "d" => CalendarUnit::Day,
            "h" => CalendarUnit::Hour,
            "min" => CalendarUnit::Minute,
            "s" => CalendarUnit::Second,
            "ms" => CalendarUnit::Millisecond,
            word => CalendarUnit::from_word(word).ok_or(())?,
        },
    };
    let count = quantity.value.trunc().to_i64().and_then(|count| count.checked_mul(sign));
    Ok(count.and_then(|count| time.plus(count, unit)).map(Value::Temporal))
}
