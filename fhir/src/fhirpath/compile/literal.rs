//! Literals as values.

use crate::fhirpath::Error;
use crate::fhirpath::ast::{Literal, Unit as UnitText};
use crate::fhirpath::value::{Decimal, Quantity, Temporal, Text, Unit, Value, parse_decimal};

pub(super) fn value(literal: &Literal, at: u32) -> Result<Value<'static>, Error> {
    let temporal = |read: Option<Temporal>, text: &str| {
        read.map(Value::Temporal).ok_or_else(|| out_of_range(at, "a date or time that exists", text))
    };
    match literal {
        Literal::Boolean(value) => Ok(Value::Boolean(*value)),
        Literal::String(text) => Ok(Value::String(Text::Shared((**text).into()))),
        Literal::Integer(text) => {
            text.parse().map(Value::Integer).map_err(|_| out_of_range(at, "an integer of 64 bits", text))
        }
        Literal::Decimal(text) => decimal(text, at).map(Value::Decimal),
        Literal::Date(text) => temporal(Temporal::parse_date(text), text),
        Literal::DateTime(text) => temporal(Temporal::parse_date_time(text), text),
        Literal::Time(text) => temporal(Temporal::parse_time(text), text),
        Literal::Quantity { value, unit } => {
            let unit = match unit {
                UnitText::Ucum(unit) => Unit::Ucum((**unit).into()),
                UnitText::Calendar(unit) => Unit::Calendar(*unit),
            };
            Ok(Value::Quantity(Box::new(Quantity { value: decimal(value, at)?, unit })))
        }
    }
}

fn decimal(text: &str, at: u32) -> Result<Decimal, Error> {
    parse_decimal(text).ok_or_else(|| out_of_range(at, "a number of at most 28 digits", text))
}

fn out_of_range(at: u32, expected: &'static str, found: &str) -> Error {
    Error::Syntax { at, expected, found: format!("'{}'", found.chars().take(64).collect::<String>()) }
}
