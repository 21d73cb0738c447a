//! Quantities: a decimal and a unit.

use super::ucum;
use crate::fhirpath::ast::CalendarUnit;
use rust_decimal::Decimal;
use std::fmt;
use std::sync::Arc;

/// <https://hl7.org/fhirpath/N1/#quantity>
#[derive(Clone, Debug)]
pub struct Quantity {
    pub value: Decimal,
    pub unit: Unit,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A UCUM unit, `1` for none. It need not be a valid one.
    Ucum(Arc<str>),
    Calendar(CalendarUnit),
}

impl Unit {
    /// The unit of a number without one.
    pub fn one() -> Self {
        Unit::Ucum("1".into())
    }

    /// A word of the calendar, or a UCUM unit.
    pub(in crate::fhirpath) fn from_text(text: &str) -> Self {
        match CalendarUnit::from_word(text) {
            Some(unit) => Unit::Calendar(unit),
            None => Unit::Ucum(text.into()),
        }
    }

    /// The UCUM unit that is always as long: years and months have none.
    fn definite(&self) -> Option<&str> {
        Some(match self {
            Unit::Ucum(unit) => unit,
            Unit::Calendar(CalendarUnit::Year | CalendarUnit::Month) => return None,
            Unit::Calendar(unit) => calendar_as_ucum(*unit),
        })
    }

    /// The UCUM unit of about the same length.
    fn approximate(&self) -> &str {
        match self {
            Unit::Ucum(unit) => unit,
            Unit::Calendar(unit) => calendar_as_ucum(*unit),
        }
    }
}

fn calendar_as_ucum(unit: CalendarUnit) -> &'static str {
    match unit {
        CalendarUnit::Year => "a",
        CalendarUnit::Month => "mo",
        CalendarUnit::Week => "wk",
        CalendarUnit::Day => "d",
        CalendarUnit::Hour => "h",
        CalendarUnit::Minute => "min",
        CalendarUnit::Second => "s",
        CalendarUnit::Millisecond => "ms",
    }
}

/// Months of a calendar unit that has no definite length.
fn months(unit: &Unit) -> Option<Decimal> {
    match unit {
        Unit::Calendar(CalendarUnit::Year) => Some(Decimal::from(12)),
        Unit::Calendar(CalendarUnit::Month) => Some(Decimal::ONE),
        _ => None,
    }
}

impl Quantity {
    /// Both values in one unit; `None` if the units do not measure the same, or are not known.
    pub(crate) fn commensurate(&self, other: &Quantity) -> Option<(Decimal, Decimal)> {
        if self.unit == other.unit {
            return Some((self.value, other.value));
        }
        if let (Some(mine), Some(theirs)) = (months(&self.unit), months(&other.unit)) {
            return Some((self.value.checked_mul(mine)?, other.value.checked_mul(theirs)?));
        }
        ucum::commensurate((self.value, self.unit.definite()?), (other.value, other.unit.definite()?))
    }

    /// Both values in the larger of the two units, as equivalence compares them; a calendar year is taken as UCUM's year.
    pub(in crate::fhirpath) fn in_larger_unit(&self, other: &Quantity) -> Option<(Decimal, Decimal)> {
        let rough = |quantity: &Quantity| quantity.unit.approximate().to_owned();
        let converted = |from: &Quantity, to: &Quantity| {
            to.convert(from).or_else(|| ucum::convert(from.value, &rough(from), &rough(to)))
        };
        let theirs = converted(other, self)?;
        match theirs.abs() <= other.value.abs() {
            true => Some((self.value, theirs)),
            false => Some((converted(self, other)?, other.value)),
        }
    }

    /// Whether both measure the same.
    pub(in crate::fhirpath) fn comparable(&self, other: &Quantity) -> bool {
        self.unit == other.unit || ucum::comparable(self.unit.approximate(), other.unit.approximate())
    }

    /// The other's value in this one's unit.
    pub(in crate::fhirpath) fn convert(&self, other: &Quantity) -> Option<Decimal> {
        if self.unit == other.unit {
            return Some(other.value);
        }
        if let (Some(mine), Some(theirs)) = (months(&self.unit), months(&other.unit)) {
            return other.value.checked_mul(theirs)?.checked_div(mine);
        }
        ucum::convert(other.value, other.unit.definite()?, self.unit.definite()?)
    }

    /// The product; calendar units as UCUM's.
    pub(in crate::fhirpath) fn multiply(&self, other: &Quantity) -> Option<Quantity> {
        let unit = ucum::product(self.unit.approximate(), other.unit.approximate())?;
        Some(Quantity { value: self.value.checked_mul(other.value)?, unit: Unit::Ucum(unit) })
    }

    /// The quotient; `None` also for a division by zero.
    pub(in crate::fhirpath) fn divide(&self, other: &Quantity) -> Option<Quantity> {
        let unit = ucum::quotient(self.unit.approximate(), other.unit.approximate())?;
        Some(Quantity { value: self.value.checked_div(other.value)?, unit: Unit::Ucum(unit) })
    }
}

/// `4 'mg'`, `1 day`, `2 days`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Ucum(unit) => write!(f, "{} '{unit}'", self.value),
            Unit::Calendar(unit) if self.value == Decimal::ONE => write!(f, "{} {}", self.value, unit.word()),
            Unit::Calendar(unit) => write!(f, "{} {}s", self.value, unit.word()),
        }
    }
}
