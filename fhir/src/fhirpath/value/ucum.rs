//! Units of measure: what a UCUM unit is in base units, kept by the unit's text.

use hashbrown::HashMap;
use octofhir_ucum::{CanonicalUnit, Number, get_canonical_units, unit_divide, unit_multiply};
use rust_decimal::Decimal;
use rustc_hash::FxBuildHasher;
use std::sync::{Arc, LazyLock, RwLock};

/// Units kept. Documents use few; whoever sends more pays for reading them again.
const KEPT_MAX: usize = 1024;
/// Bytes of a unit that is looked at; UCUM's own codes have under 20.
const UNIT_BYTES_MAX: usize = 256;

type Kept = HashMap<Box<str>, Option<Arc<Canonical>>, FxBuildHasher>;
static KEPT: LazyLock<RwLock<Kept>> = LazyLock::new(Default::default);

/// A value `v` of a unit is `(v * mantissa) * 10^exponent + offset` of `unit`, which is the same for all units that measure the same.
pub(crate) struct Canonical {
    pub(crate) unit: String,
    mantissa: Decimal,
    exponent: i32,
    offset: Option<Decimal>,
    /// The same two as they were found: any exponent, 28 digits.
    exact: (Number, Number),
    pub(crate) short: Option<Short>,
}

/// Factor and offset, each `digits * 10^power`, where they have few digits.
#[derive(Clone, Copy)]
pub(crate) struct Short {
    pub(crate) factor: (i64, i32),
    pub(crate) offset: (i64, i32),
}

/// Both values in one unit; `None` for unknown units and for those that do not measure the same.
pub(super) fn commensurate(one: (Decimal, &str), other: (Decimal, &str)) -> Option<(Decimal, Decimal)> {
    if one.1 == other.1 {
        return Some((one.0, other.0));
    }
    let (left, right) = (canonical(one.1)?, canonical(other.1)?);
    if left.unit != right.unit {
        return None;
    }
    if left.offset.is_some() || right.offset.is_some() {
        return Some((left.whole(one.0)?, right.whole(other.0)?));
    }
    // Only the difference of the exponents matters, so that powers of ten no decimal holds cancel out.
    let base = left.exponent.min(right.exponent);
    let scaled =
        |value: Decimal, unit: &Canonical| shift(value.checked_mul(unit.mantissa)?, unit.exponent - base);
    Some((scaled(one.0, &left)?, scaled(other.0, &right)?))
}

/// Whether two units measure the same.
pub(super) fn comparable(one: &str, other: &str) -> bool {
    one == other
        || matches!((canonical(one), canonical(other)), (Some(one), Some(other)) if one.unit == other.unit)
}

/// `value` of unit `from` in unit `to`.
pub(super) fn convert(value: Decimal, from: &str, to: &str) -> Option<Decimal> {
    if from == to {
        return Some(value);
    }
    let (source, target) = (canonical(from)?, canonical(to)?);
    if source.unit != target.unit {
        return None;
    }
    if source.offset.is_some() || target.offset.is_some() {
        let base = source.whole(value)?.checked_sub(target.offset.unwrap_or_default())?;
        return base.checked_div(shift(target.mantissa, target.exponent)?);
    }
    let exponent = source.exponent - target.exponent;
    let product = value.checked_mul(source.mantissa)?;
    match exponent >= 0 {
        true => shift(product, exponent)?.checked_div(target.mantissa),
        false => product.checked_div(shift(target.mantissa, -exponent)?),
    }
}

/// The unit of a product.
pub(super) fn product(one: &str, other: &str) -> Option<Arc<str>> {
    bounded(one, other)?;
    let result = unit_multiply(one, other).ok()?;
    Some(simple(result.is_dimensionless && result.factor == Number::ONE, result.expression))
}

/// The unit of a quotient.
pub(super) fn quotient(one: &str, other: &str) -> Option<Arc<str>> {
    bounded(one, other)?;
    let result = unit_divide(one, other).ok()?;
    Some(simple(result.is_dimensionless && result.factor == Number::ONE, result.expression))
}

fn bounded(one: &str, other: &str) -> Option<()> {
    (one.len() + other.len() <= UNIT_BYTES_MAX).then_some(())
}

fn simple(is_one: bool, expression: String) -> Arc<str> {
    if is_one { "1".into() } else { expression.into() }
}

/// Of a unit on a linear scale; `None` for others, and for what is no unit.
pub(crate) fn canonical(unit: &str) -> Option<Arc<Canonical>> {
    if unit.len() > UNIT_BYTES_MAX {
        return None;
    }
    // A thread that panicked while it held the lock left a whole map behind: entries are inserted at once.
    if let Some(known) = KEPT.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(unit) {
        return known.clone();
    }
    let found = get_canonical_units(unit).ok().and_then(Canonical::read).map(Arc::new);
    let mut kept = KEPT.write().unwrap_or_else(|poisoned| poisoned.into_inner());
    if kept.len() < KEPT_MAX {
        kept.insert(unit.into(), found.clone());
    }
    found
}

impl Canonical {
    fn read(canonical: CanonicalUnit) -> Option<Canonical> {
        let (mantissa, exponent) = parts(canonical.factor)?;
        let offset = match canonical.offset == Number::ZERO {
            true => None,
            false => {
                let (mantissa, exponent) = parts(canonical.offset)?;
                Some(shift(mantissa, exponent)?)
            }
        };
        let (factor, shift) = (canonical.factor, canonical.offset);
        let short = Short::of(factor, shift);
        Some(Canonical { unit: canonical.unit, mantissa, exponent, offset, exact: (factor, shift), short })
    }

    /// The double nearest to what the number of this unit is in the base unit, rounded once.
    pub(crate) fn nearest(&self, number: &str) -> Option<f64> {
        let (factor, offset) = self.exact;
        Some(Number::parse(number)?.checked_mul(factor)?.checked_add(offset)?.to_f64())
    }

    /// `value` in the base unit.
    fn whole(&self, value: Decimal) -> Option<Decimal> {
        let scaled = shift(value.checked_mul(self.mantissa)?, self.exponent)?;
        scaled.checked_add(self.offset.unwrap_or_default())
    }
}

impl Short {
    fn of(factor: Number, offset: Number) -> Option<Short> {
        let short = |number: Number| {
            let (digits, power) = number.to_integer_and_exponent();
            Some((i64::try_from(digits).ok()?, power))
        };
        Some(Short { factor: short(factor)?, offset: short(offset)? })
    }
}

/// A mantissa between 1 and 10, and an exponent.
fn parts(number: Number) -> Option<(Decimal, i32)> {
    let (digits, exponent) = number.to_integer_and_exponent();
    let scale = digits.unsigned_abs().checked_ilog10().unwrap_or(0);
    let mantissa = Decimal::try_from_i128_with_scale(digits, scale).ok()?;
    Some((mantissa, exponent.checked_add(i32::try_from(scale).ok()?)?))
}

/// `value * 10^exponent`.
fn shift(value: Decimal, exponent: i32) -> Option<Decimal> {
    let power = |count: u32| {
        10_i128.checked_pow(count).and_then(|power| Decimal::try_from_i128_with_scale(power, 0).ok())
    };
    match exponent {
        0 => Some(value),
        1.. => value.checked_mul(power(exponent.unsigned_abs())?),
        ..0 => value.checked_div(power(exponent.unsigned_abs())?),
    }
}
