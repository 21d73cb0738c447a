//! https://hl7.org/fhir/R4/search.html#quantity. UCUM's units are converted (decisions/0008), others are compared.

use super::comparison::Comparison;
use super::condition::Condition;
use super::index::{Column, Interval, Lookup, Place, exact, pair, tag};
use super::number;
use super::offer::{Asked, Kind};
use super::problem::Problem;
use super::text::{quoted, split, unescape};
use fhir::index::{Measure, UCUM, Value};

/// What a quantity takes.
pub const KIND: Kind<QuantityMatch> =
    Kind { name: "quantity", plain: read, prefixes: number::PREFIXES, modifiers: &[] };

/// A condition on quantities.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuantityMatch {
    /// Of the number.
    pub comparison: Comparison,
    /// Of the same quantity's unit.
    pub unit: UnitMatch,
}

/// A condition on units.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnitMatch {
    /// `5.4`
    Any,
    /// `5.4||mg`: the code or the printed unit.
    Unit(String),
    /// `5.4|urn:iso:std:iso:4217|EUR`
    Coded(String, String),
    /// `5.4|http://unitsofmeasure.org|mg`: any unit that measures the same.
    Measured(Measured),
}

/// An amount of what a UCUM unit measures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Measured {
    /// The unit as it is written.
    pub code: String,
    /// The base unit.
    pub base: String,
    /// Of the number in base units.
    pub comparison: Comparison,
}

fn read(_: &Asked<'_>, part: &str, all: &mut Vec<QuantityMatch>) -> Result<(), Problem> {
    let pieces = split(part, b'|');
    let (number, unit) = match pieces.as_slice() {
        [number] => (number, UnitMatch::Any),
        [number, "", unit] if !unit.is_empty() => (number, UnitMatch::Unit(unescape(unit))),
        [number, system, code] if !system.is_empty() && !code.is_empty() => {
            (number, coded(number, unescape(system), unescape(code))?)
        }
        _ => {
            let why = format!(
                "'{part}' is no quantity: write [number], [number]|[system]|[code] or [number]||[unit]"
            );
            return Err(Problem::unusable(why));
        }
    };
    all.push(QuantityMatch { comparison: number::parse(number)?, unit });
    Ok(())
}

fn coded(number: &str, system: String, code: String) -> Result<UnitMatch, Problem> {
    let Some(measure) = Some(&code).filter(|_| system == UCUM).and_then(|code| Measure::of(code)) else {
        return Ok(UnitMatch::Coded(system, code));
    };
    let comparison = number::parse_measured(number, &measure)?;
    Ok(UnitMatch::Measured(Measured { code, base: measure.base().to_owned(), comparison }))
}

impl UnitMatch {
    #[inline]
    fn holds(&self, system: Option<&str>, code: Option<&str>, unit: Option<&str>) -> bool {
        match self {
            UnitMatch::Any => true,
            UnitMatch::Unit(wanted) => code == Some(wanted) || unit == Some(wanted),
            UnitMatch::Coded(wanted_system, wanted) => system == Some(wanted_system) && code == Some(wanted),
            UnitMatch::Measured(_) => false,
        }
    }
}

impl Measured {
    fn holds(&self, value: &Value<'_>) -> bool {
        let measure = measure(value).filter(|measure| measure.base() == self.base);
        let (low, high) = match measure.map(|measure| interval_in(&measure, value)) {
            Some(interval) => interval,
            None => return false,
        };
        self.comparison.holds(low, high)
    }
}

/// What a quantity of UCUM measures.
fn measure(value: &Value<'_>) -> Option<Measure> {
    match *value {
        Value::Quantity { system: Some(UCUM), code: Some(code), .. } => Measure::of(code),
        _ => None,
    }
}

/// The half-open interval of a quantity in base units.
fn interval_in(measure: &Measure, value: &Value<'_>) -> (i64, i64) {
    let Value::Quantity { value, low, high, text, .. } = *value else { return (0, 0) };
    match text {
        "" => (measure.of_key(low), measure.of_key(high).saturating_add(1)),
        _ => {
            let key = measure.key(text).unwrap_or(value);
            (key, key.saturating_add(1))
        }
    }
}

/// The half-open interval of a quantity as written.
#[inline]
fn interval(value: &Value<'_>) -> Option<(i64, i64)> {
    match *value {
        Value::Quantity { value, low, high, text, .. } => Some(number::interval(value, low, high, text)),
        _ => None,
    }
}

impl Condition for QuantityMatch {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        if let UnitMatch::Measured(measured) = &self.unit {
            return measured.holds(&value);
        }
        let Value::Quantity { system, code, unit, .. } = value else { return false };
        let holds = |(low, high)| self.comparison.holds(low, high);
        self.unit.holds(system, code, unit) && interval(&value).is_some_and(holds)
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        let unit = match &self.unit {
            UnitMatch::Any => String::new(),
            UnitMatch::Unit(unit) => format!("|{}", quoted(unit)),
            UnitMatch::Coded(system, code) => format!("|{}|{}", quoted(system), quoted(code)),
            // As before units were converted: what is kept by this text stays found.
            UnitMatch::Measured(measured) => format!("|{}|{}", quoted(UCUM), quoted(&measured.code)),
        };
        Ok(format!("{}{unit}", self.comparison.canonical()))
    }

    /// Of the unit.
    fn lookup(&self, place: Place) -> Lookup {
        match &self.unit {
            UnitMatch::Any => Lookup::None,
            UnitMatch::Unit(unit) => Lookup::Term(exact(place, tag::QUANTITY_UNIT, unit.as_bytes())),
            UnitMatch::Coded(system, code) => Lookup::Term(pair(place, tag::QUANTITY_CODED, system, code)),
            UnitMatch::Measured(measured) => {
                Lookup::Term(exact(place, tag::QUANTITY_BASE, measured.base.as_bytes()))
            }
        }
    }

    fn interval(&self) -> Option<Interval> {
        Some(match &self.unit {
            UnitMatch::Measured(measured) => {
                Interval { column: Column::Measured, comparison: measured.comparison, narrowed: true }
            }
            unit => {
                let narrowed = *unit != UnitMatch::Any;
                Interval { column: Column::Quantity, comparison: self.comparison, narrowed }
            }
        })
    }
}

/// The terms of a value: its unit, by code and as printed, and what it measures or else whose code it is.
pub fn terms(place: Place, value: &Value<'_>, mut add: impl FnMut(Vec<u8>)) {
    let Value::Quantity { system, code, unit, .. } = *value else { return };
    match (measure(value), system, code) {
        (Some(measure), ..) => add(exact(place, tag::QUANTITY_BASE, measure.base().as_bytes())),
        (None, Some(system), Some(code)) => add(pair(place, tag::QUANTITY_CODED, system, code)),
        _ => {}
    }
    for unit in [code, unit.filter(|&unit| Some(unit) != code)].into_iter().flatten() {
        add(exact(place, tag::QUANTITY_UNIT, unit.as_bytes()));
    }
}

/// The intervals of a value: as written, and in base units, where it stays as written if it measures nothing.
pub fn intervals(value: &Value<'_>, mut add: impl FnMut(Column, (i64, i64))) {
    let Some(written) = interval(value) else { return };
    add(Column::Quantity, written);
    add(Column::Measured, measure(value).map_or(written, |measure| interval_in(&measure, value)));
}

/// By what a value is ordered: its number, in base units where it measures something.
pub fn order(value: &Value<'_>) -> Option<i64> {
    let (written, _) = interval(value)?;
    Some(measure(value).map_or(written, |measure| interval_in(&measure, value).0))
}
