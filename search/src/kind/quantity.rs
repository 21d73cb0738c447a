//! https://hl7.org/fhir/R4/search.html#quantity. Units are compared, not converted.

use super::comparison::Comparison;
use super::condition::Condition;
use super::index::{Column, Interval, Lookup, Place, exact, pair, tag};
use super::number;
use super::offer::{Asked, Kind};
use super::problem::Problem;
use super::text::{quoted, split, unescape};
use fhir::index::Value;

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
    /// `5.4|http://unitsofmeasure.org|mg`
    Coded(String, String),
}

fn read(_: &Asked<'_>, part: &str, all: &mut Vec<QuantityMatch>) -> Result<(), Problem> {
    let pieces = split(part, b'|');
    let (number, unit) = match pieces.as_slice() {
        [number] => (number, UnitMatch::Any),
        [number, "", unit] if !unit.is_empty() => (number, UnitMatch::Unit(unescape(unit))),
        [number, system, code] if !system.is_empty() && !code.is_empty() => {
            (number, UnitMatch::Coded(unescape(system), unescape(code)))
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

impl UnitMatch {
    #[inline]
    fn holds(&self, system: Option<&str>, code: Option<&str>, unit: Option<&str>) -> bool {
        match self {
            UnitMatch::Any => true,
            UnitMatch::Unit(wanted) => code == Some(wanted) || unit == Some(wanted),
            UnitMatch::Coded(wanted_system, wanted) => system == Some(wanted_system) && code == Some(wanted),
        }
    }
}

impl Condition for QuantityMatch {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        let Value::Quantity { value, low, high, text, system, code, unit } = value else { return false };
        let (low, high) = number::interval(value, low, high, text);
        self.unit.holds(system, code, unit) && self.comparison.holds(low, high)
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        let unit = match &self.unit {
            UnitMatch::Any => String::new(),
            UnitMatch::Unit(unit) => format!("|{}", quoted(unit)),
            UnitMatch::Coded(system, code) => format!("|{}|{}", quoted(system), quoted(code)),
        };
        Ok(format!("{}{unit}", self.comparison.canonical()))
    }

    fn trace(&self) -> Option<&str> {
        None
    }

    /// Of the unit.
    fn lookup(&self, place: Place) -> Lookup {
        match &self.unit {
            UnitMatch::Any => Lookup::None,
            UnitMatch::Unit(unit) => Lookup::Term(exact(place, tag::QUANTITY_UNIT, unit.as_bytes())),
            UnitMatch::Coded(system, code) => Lookup::Term(pair(place, tag::QUANTITY_CODED, system, code)),
        }
    }

    fn interval(&self) -> Option<Interval> {
        let narrowed = self.unit != UnitMatch::Any;
        Some(Interval { column: Column::Quantity, comparison: self.comparison, narrowed })
    }
}

/// The terms of a value: its unit, by code and as printed.
pub fn terms(place: Place, value: &Value<'_>, mut add: impl FnMut(Vec<u8>)) {
    let Value::Quantity { system, code, unit, .. } = *value else { return };
    if let (Some(system), Some(code)) = (system, code) {
        add(pair(place, tag::QUANTITY_CODED, system, code));
    }
    for unit in [code, unit.filter(|&unit| Some(unit) != code)].into_iter().flatten() {
        add(exact(place, tag::QUANTITY_UNIT, unit.as_bytes()));
    }
}
