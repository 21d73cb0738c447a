//! https://hl7.org/fhir/R4/search.html#number

use super::super::comparison::{Comparison, Prefix};
use super::super::problem::Problem;
use super::super::value::unescape;
use fhir::index::{decimal_range, sortable};

/// The interval of a number: for `eq` and `ne` what its digits stand for, for `ap` a tenth around it, else the number
/// itself.
pub(super) fn comparison(part: &str) -> Result<Comparison, Problem> {
    let text = unescape(part);
    let (prefix, number) = Prefix::split(&text);
    let unusable =
        || Problem::unusable(format!("'{text}' is no number: write [prefix][number], such as gt5.4"));
    let range = decimal_range(number).map_err(|_| unusable())?;
    let (low, high) = match prefix {
        Prefix::Eq | Prefix::Ne => (range.low, range.high),
        Prefix::Ap => {
            let number: f64 = number.parse().map_err(|_| unusable())?;
            let tenth = number.abs() / 10.0;
            (sortable(number - tenth), sortable(number + tenth) + 1)
        }
        _ => (range.value, range.value + 1),
    };
    Ok(Comparison { prefix, low, high: high.max(low + 1) })
}
