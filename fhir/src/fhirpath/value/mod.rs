//! Values: what FHIRPath computes with.

mod compare;
mod convert;
mod decimal;
mod quantity;
mod temporal;
mod ucum;

pub use quantity::{Quantity, Unit};
pub use rust_decimal::Decimal;
pub(super) use temporal::End;
pub use temporal::{Precision, Temporal, TemporalKind};
pub(crate) use ucum::{Canonical, canonical};

pub(super) use compare::{Relation, compare, equal, equivalent};
pub(super) use convert::{parse_boolean, parse_quantity};
pub(super) use decimal::{parse_decimal, round_to_least};

use super::model::System;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A value of one of FHIRPath's own types (<https://hl7.org/fhirpath/N1/#literals>).
#[derive(Clone, Debug)]
pub enum Value<'d> {
    Boolean(bool),
    /// 32 bits are promised by the specification; what fits 64 is kept.
    Integer(i64),
    /// Exact, with the digits after the point it was written with; 28 significant digits.
    Decimal(Decimal),
    String(Text<'d>),
    Temporal(Temporal),
    Quantity(Box<Quantity>),
    /// What `type()` answers.
    Type(TypeInfo),
}

/// The name of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeInfo {
    /// `System` or `FHIR`
    pub namespace: &'static str,
    pub name: &'static str,
}

/// A text of the document, or a computed one. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Text<'d> {
    Borrowed(&'d str),
    Shared(Arc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Shared(text) => text,
        }
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Text::Shared(text.into())
    }
}

impl<'d> From<std::borrow::Cow<'d, str>> for Text<'d> {
    fn from(text: std::borrow::Cow<'d, str>) -> Self {
        match text {
            std::borrow::Cow::Borrowed(text) => Text::Borrowed(text),
            std::borrow::Cow::Owned(text) => text.into(),
        }
    }
}

impl<'d> Value<'d> {
    /// The value's type.
    pub fn system(&self) -> System {
        match self {
            Value::Boolean(_) => System::Boolean,
            Value::Integer(_) => System::Integer,
            Value::Decimal(_) => System::Decimal,
            Value::String(_) => System::String,
            Value::Temporal(temporal) => match temporal.kind() {
                TemporalKind::Date => System::Date,
                TemporalKind::DateTime => System::DateTime,
                TemporalKind::Time => System::Time,
            },
            Value::Quantity(_) => System::Quantity,
            Value::Type(_) => System::TypeInfo,
        }
    }

    /// The value as a decimal, if it is a number.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Value::Integer(value) => Some(Decimal::from(*value)),
            Value::Decimal(value) => Some(*value),
            _ => None,
        }
    }

    /// A text that lives as long as it is needed.
    pub(super) fn text(text: String) -> Value<'d> {
        Value::String(text.into())
    }
}

/// As `toString()` writes it.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Boolean(value) => value.fmt(f),
            Value::Integer(value) => value.fmt(f),
            Value::Decimal(value) => value.fmt(f),
            Value::String(text) => f.write_str(text),
            Value::Temporal(temporal) => temporal.fmt(f),
            Value::Quantity(quantity) => quantity.fmt(f),
            Value::Type(info) => write!(f, "{}.{}", info.namespace, info.name),
        }
    }
}
