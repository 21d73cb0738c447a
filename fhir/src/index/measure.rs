//! Numbers of UCUM units in the base unit of what they measure: <https://hl7.org/fhir/R4/search.html#quantity>.

use super::number::{InvalidNumber, NumberRange, digits, linear, sortable, unsortable};
use crate::fhirpath::value::{Canonical, canonical};
use std::fmt;
use std::sync::Arc;

/// The code system of UCUM's units.
pub const UCUM: &str = "http://unitsofmeasure.org";

/// A unit on a linear scale, such as `mg/dL` or `Cel`.
///
/// Numbers become keys ([`sortable`]) of what they are in base units: computed in decimals and rounded once, to the nearest
/// double. So what is equal has equal keys, in whatever unit it was written.
#[derive(Clone)]
pub struct Measure(Arc<Canonical>);

impl Measure {
    /// Of a unit's code; `None` for what UCUM does not know, and for scales that are not linear (`[pH]`, `dB`).
    pub fn of(code: &str) -> Option<Measure> {
        canonical(code).map(Measure)
    }

    /// The base unit, which is the same for all units that measure the same.
    pub fn base(&self) -> &str {
        &self.0.unit
    }

    /// The key of a number of this unit; `None` if it is none.
    #[inline]
    pub fn key(&self, number: &str) -> Option<i64> {
        let quick = self.0.short.and_then(|short| linear(number, short.factor, short.offset));
        quick.or_else(|| self.0.nearest(number).map(sortable))
    }

    /// The key in base units of what has that key in this unit. Open ends stay open.
    pub fn of_key(&self, key: i64) -> i64 {
        match key {
            i64::MIN | i64::MAX => key,
            _ => self.key(&format!("{:e}", unsortable(key))).unwrap_or(key),
        }
    }

    /// The keys of a number and of the interval that its digits stand for.
    pub fn range(&self, number: &str) -> Result<NumberRange, InvalidNumber> {
        let around = |digits: i128| {
            Some((digits.checked_mul(10)?.checked_sub(5)?, digits.checked_mul(10)?.checked_add(5)?))
        };
        let (low, high) = self.ends(number, around)?;
        Ok(NumberRange { value: self.key(number).ok_or(InvalidNumber)?, low, high })
    }

    /// The keys of a tenth below and a tenth above a number.
    pub fn tenth(&self, number: &str) -> Result<(i64, i64), InvalidNumber> {
        let around = |digits: i128| Some((digits.checked_mul(9)?, digits.checked_mul(11)?));
        let (one, other) = self.ends(number, around)?;
        Ok((one.min(other), one.max(other)))
    }

    /// The keys of the ends that are made of a number's digits with one more behind them; of very many digits the number's own.
    fn ends(
        &self,
        number: &str,
        around: impl Fn(i128) -> Option<(i128, i128)>,
    ) -> Result<(i64, i64), InvalidNumber> {
        let (digits, exponent) = digits(number)?;
        let key = |number: &str| self.key(number).ok_or(InvalidNumber);
        let Some((low, high)) = digits.and_then(around) else { return Ok((key(number)?, key(number)?)) };
        let end = |digits: i128| key(&format!("{digits}e{}", exponent.saturating_sub(1)));
        Ok((end(low)?, end(high)?))
    }
}

impl fmt::Debug for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Measure({})", self.base())
    }
}

#[cfg(test)]
mod tests {
    use super::super::number::decimal_range;
    use super::*;
    use proptest::prelude::*;

    fn key(number: &str, unit: &str) -> (String, i64) {
        let measure = Measure::of(unit).expect(unit);
        (measure.base().to_owned(), measure.key(number).expect(number))
    }

    #[test]
    fn equal_amounts_have_equal_keys() {
        for (one, other) in [
            (("5.4", "mg/dL"), ("0.054", "g/L")),
            (("5.4", "mg/dL"), ("54e-3", "kg/m3")),
            (("0.1", "g"), ("100", "mg")),
            (("3", "mmol/L"), ("0.003", "mol/L")),
            (("98.6", "[degF]"), ("37", "Cel")),
            (("37.0", "Cel"), ("310.15", "K")),
            (("-273.15", "Cel"), ("0", "K")),
            (("1", "[in_i]"), ("2.54", "cm")),
            (("70", "kg"), ("70000", "g")),
            (("0", "kg"), ("-0", "mg")),
            (("1", "h"), ("60", "min")),
            (("1", "[lb_av]"), ("453.59237", "g")),
            (("120", "mm[Hg]"), ("12", "cm[Hg]")),
            (("7", "10*9/L"), ("7000", "10*6/L")),
            (("123456789012345678901234567", "g"), ("123456789012345678901234.567", "kg")),
            (("1e-200", "mg"), ("1e-203", "g")),
        ] {
            assert_eq!(key(one.0, one.1), key(other.0, other.1), "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_is_not_on_a_linear_scale_is_no_measure() {
        for unit in ["", "nonsense", "[pH]", "dB", "B[V]", "mg/dL/", &"m.".repeat(200)] {
            assert!(Measure::of(unit).is_none(), "{unit}");
        }
        let base = |unit: &str| Measure::of(unit).map(|measure| measure.base().to_owned());
        assert_ne!(base("[iU]"), base("1"));
        assert_ne!(base("kg"), base("m"));
        assert_ne!(base("[iU]/L"), base("[arb'U]/L"));
    }

    #[test]
    fn precision_is_converted_along() {
        let of = |number: &str, unit: &str| {
            let range = Measure::of(unit).expect(unit).range(number).expect(number);
            (range.low, range.value, range.high)
        };
        let grams = |number: &str| key(number, "g").1;
        assert_eq!(of("5.4", "mg"), (grams("0.00535"), grams("0.0054"), grams("0.00545")));
        assert_eq!(of("100", "kg"), (grams("99500"), grams("100000"), grams("100500")));
        assert_eq!(of("-1e2", "g"), (grams("-150"), grams("-100"), grams("-50")));
        let tenth = Measure::of("kg").expect("kg").tenth("-10").expect("a number");
        assert_eq!(tenth, (grams("-11000"), grams("-9000")));
        let measure = Measure::of("kg").expect("kg");
        assert_eq!((measure.of_key(i64::MIN), measure.of_key(i64::MAX)), (i64::MIN, i64::MAX));
        assert_eq!(measure.of_key(sortable(0.7)), grams("700"));
        let long = measure.range(&"9".repeat(50)).expect("a number");
        assert!(measure.range("1e").is_err() && measure.range("5.").is_err() && long.low == long.high);
    }

    proptest! {
        #[test]
        fn the_quick_way_agrees_with_the_exact_one(
            number in -99_999_999_999i64..=99_999_999_999, scale in 0usize..8, unit in 0usize..8,
        ) {
            let unit = ["g", "mg/dL", "mm[Hg]", "Cel", "[in_i]", "mmol/L", "a", "%"][unit];
            let digits = format!("{:0>9}", number.unsigned_abs());
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            let text = format!("{}{whole}.{fraction}0", if number < 0 { "-" } else { "" });
            let measure = Measure::of(unit).expect(unit);
            prop_assert_eq!(measure.key(&text), measure.0.nearest(&text).map(sortable), "{} {}", text, unit);
        }

        #[test]
        fn of_the_base_unit_it_is_the_number_itself(number in any::<i32>(), scale in 0u32..9) {
            let text = rust_decimal::Decimal::new(number.into(), scale).to_string();
            let measure = Measure::of("g").expect("a unit");
            prop_assert_eq!(measure.range(&text), decimal_range(&text));
        }
    }
}
