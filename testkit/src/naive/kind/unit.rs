//! What some units of UCUM measure, <https://ucum.org/ucum>: those of the tests, by hand.

use super::number::{ONE, Range};

/// The code system.
pub const UCUM: &str = "http://unitsofmeasure.org";

/// A value `v` of the unit is `v * times + plus` parts of what it measures.
#[derive(Debug)]
pub struct Unit {
    code: &'static str,
    /// What it measures.
    pub of: &'static str,
    times: i128,
    plus: i128,
}

const fn unit(code: &'static str, of: &'static str, times: i128, plus: i128) -> Unit {
    Unit { code, of, times, plus }
}

const UNITS: [Unit; 19] = [
    unit("mg", "mass", 1, 0),
    unit("g", "mass", 1_000, 0),
    unit("kg", "mass", 1_000_000, 0),
    unit("mg/dL", "density", 10, 0),
    unit("g/dL", "density", 10_000, 0),
    unit("g/L", "density", 1_000, 0),
    unit("K", "temperature", 900, 0),
    unit("Cel", "temperature", 900, 245_835),
    unit("[degF]", "temperature", 500, 229_835),
    unit("cm", "length", 1, 0),
    unit("m", "length", 100, 0),
    unit("mmol/L", "concentration", 1, 0),
    unit("mol/L", "concentration", 1_000, 0),
    unit("/min", "rate", 1, 0),
    unit("/s", "rate", 60, 0),
    unit("%", "ratio", 1, 0),
    unit("{score}", "ratio", 100, 0),
    unit("1", "ratio", 100, 0),
    unit("mm[Hg]", "pressure", 1, 0),
];

/// So many parts of what is measured are so many of UCUM's base units, by which values are ordered.
const BASE_UNITS: [(&str, i128, i128); 8] = [
    ("mass", 1_000, 1),
    ("density", 1, 1),
    ("temperature", 900, 1),
    ("length", 100, 1),
    // A litre is a thousandth of a cubic metre, and a mole a number.
    ("concentration", 1, 602_214_076_000_000_000_000_000),
    ("rate", 60, 1),
    ("ratio", 100, 1),
    ("pressure", 1, 133_322),
];

/// The unit of that code.
pub fn known(code: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.code == code)
}

impl Unit {
    /// In parts; what is open stays open.
    pub fn parts(&self, number: i128) -> i128 {
        match number {
            i128::MIN | i128::MAX => number,
            _ => number * self.times + self.plus * ONE,
        }
    }

    /// Both ends in parts.
    pub fn range(&self, range: Range) -> Range {
        Range { low: self.parts(range.low), high: self.parts(range.high) }
    }

    /// By what a number of the unit is ordered among all quantities: base units, in parts that [`order`] has.
    pub fn order(&self, number: i128) -> i128 {
        let (_, parts, units) = BASE_UNITS.iter().find(|(of, ..)| *of == self.of).expect("a base unit");
        match number {
            i128::MIN | i128::MAX => number,
            _ => order(self.parts(number)) * units / parts,
        }
    }
}

/// The same of a number that measures nothing.
pub fn order(number: i128) -> i128 {
    match number {
        i128::MIN | i128::MAX => number,
        _ => number.div_euclid(10_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_amounts_are_equal() {
        let of = |number: i128, code: &str| {
            let unit = known(code).expect(code);
            (unit.of, unit.parts(number * ONE / 100), unit.order(number * ONE / 100))
        };
        for (one, other) in [
            (of(50_000, "mg/dL"), of(500, "g/L")),
            (of(9860, "[degF]"), of(3700, "Cel")),
            (of(31015, "K"), of(3700, "Cel")),
            (of(7000, "kg"), of(7_000_000, "g")),
            (of(100, "1"), of(10_000, "%")),
        ] {
            assert_eq!(one, other);
        }
        assert!(of(100, "mmol/L").2 > of(10_000_000, "kg").2);
    }
}
