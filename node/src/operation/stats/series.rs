//! Measurements by code, each series in one unit.

use super::{
    asked::Coding,
    observation::{Amount, Measured, Unit},
};
use fhir::index::{Measure, UCUM, unsortable};
use proto::{Code, Error};

/// The measurements of one code.
pub struct Series {
    pub coding: Coding,
    /// As the first observation has it; empty where it has none.
    pub display: String,
    /// Of what has no coding.
    pub text: String,
    /// What all numbers are in; `None` before the first.
    pub unit: Option<Unit>,
    /// Numbers, and when they were measured.
    pub numbers: Vec<(f64, Option<i64>)>,
    /// Observations of the code, with those that have no number.
    pub total: usize,
}

/// All of them: those of the codes asked for first, then others as they were met.
pub struct AllSeries(Vec<Series>);

impl AllSeries {
    /// Empty ones of these codes.
    pub fn of(codings: &[Coding]) -> AllSeries {
        AllSeries(codings.iter().cloned().map(|coding| Series::new(coding, String::new())).collect())
    }

    /// Those with numbers; where none has any, those of the codes that were asked for.
    pub fn to_tell(&self) -> impl Iterator<Item = &Series> {
        let none = self.0.iter().all(|series| series.numbers.is_empty());
        self.0.iter().filter(move |series| none || !series.numbers.is_empty())
    }

    /// Counts what was measured, at that time.
    ///
    /// # Errors
    /// `Invalid` where its unit does not measure what the others of its code do.
    pub fn count(&mut self, measured: &Measured<'_>, at_ms: Option<i64>) -> Result<(), Error> {
        let series = self.of_code(measured);
        series.total += 1;
        let Some(amount) = measured.amount() else { return Ok(()) };
        let number = series.in_unit(&amount).ok_or_else(|| series.incomparable(&amount.unit))?;
        series.unit.get_or_insert(amount.unit);
        series.numbers.push((number, at_ms));
        Ok(())
    }

    fn of_code(&mut self, measured: &Measured<'_>) -> &mut Series {
        let text = measured.text().unwrap_or_default();
        let is_it = |series: &Series| match series.coding.code.is_empty() {
            true => measured.codings().next().is_none() && series.text == text,
            false => measured.is_coded(&series.coding),
        };
        let at = self.0.iter().position(is_it).unwrap_or_else(|| {
            let coding = measured.codings().next().map(|(coding, _)| coding);
            let coding = coding.unwrap_or(Coding { system: String::new(), code: String::new() });
            self.0.push(Series::new(coding, text));
            self.0.len() - 1
        });
        let series = &mut self.0[at];
        if series.total == 0 {
            series.learn(measured);
        }
        series
    }
}

impl Series {
    fn new(coding: Coding, text: String) -> Series {
        Series { coding, display: String::new(), text, unit: None, numbers: vec![], total: 0 }
    }

    /// What the code is called, and the system of one that was asked for without.
    fn learn(&mut self, measured: &Measured<'_>) {
        let same = measured.codings().find(|(coding, _)| coding.code == self.coding.code);
        if let Some((coding, display)) = same {
            self.display = display;
            if self.coding.system.is_empty() {
                self.coding = coding;
            }
        }
    }

    /// The number in the unit of the others; `None`: they do not measure the same.
    fn in_unit(&self, amount: &Amount) -> Option<f64> {
        let Some(own) = &self.unit else { return Some(amount.number) };
        let other = &amount.unit;
        let is_same = match own.code.is_empty() {
            true => other.code.is_empty() && own.text == other.text,
            false => own.code == other.code && own.system == other.system,
        };
        if is_same {
            return Some(amount.number);
        }
        if own.system != UCUM || other.system != UCUM {
            return None;
        }
        convert(amount.number, &other.code, &own.code)
    }

    fn incomparable(&self, other: &Unit) -> Error {
        let name = |unit: &Unit| match (unit.code.as_str(), unit.text.as_str()) {
            ("", "") => "no unit".to_owned(),
            ("", text) => format!("'{text}'"),
            (code, _) => format!("'{code}'"),
        };
        let own = self.unit.as_ref().map(name).unwrap_or_default();
        let text = format!(
            "values of {}|{} are in {own} and in {}, which cannot be converted into each other: ask about a period with one of them",
            self.coding.system,
            self.coding.code,
            name(other)
        );
        Error::new(Code::Invalid, text)
    }
}

/// A number of one UCUM unit in another one; `None` where they do not measure the same, or not on a linear scale.
fn convert(number: f64, from: &str, to: &str) -> Option<f64> {
    let (from, to) = (Measure::of(from)?, Measure::of(to)?);
    if from.base() != to.base() {
        return None;
    }
    let base = unsortable(from.key(&format!("{number:e}"))?);
    let zero = unsortable(to.key("0")?);
    let one = unsortable(to.key("1")?);
    Some((base - zero) / (one - zero))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_measure_the_same_are_converted() {
        for (number, from, to, expected) in
            [(5.5, "mg/dL", "g/L", 0.055), (98.6, "[degF]", "Cel", 37.0), (70.0, "kg", "g", 70_000.0)]
        {
            let found = convert(number, from, to).unwrap();
            assert!((found - expected).abs() < 1e-9 * expected.abs(), "{number} {from} {to}: {found}");
        }
        assert_eq!(convert(1.0, "mg", "mL"), None);
        assert_eq!(convert(1.0, "mg", "nonsense"), None);
    }
}
