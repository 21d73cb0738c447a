//! https://hl7.org/fhir/R4/search.html#quantity. Units are compared, not converted.

use super::super::expr::{Expr, Leaf, UnitMatch};
use super::super::problem::Problem;
use super::super::value::{split, unescape};
use super::number;
use fhir::definitions::ParamId;

pub(super) fn compile(param: ParamId, part: &str) -> Result<Expr, Problem> {
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
    Ok(Expr::Leaf(Leaf::Quantity(param, number::comparison(number)?, unit)))
}
