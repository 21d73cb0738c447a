//! <https://hl7.org/fhir/R4/search.html#quantity>

use super::{
    Asked, Key,
    number::{self, Range},
    unit::{self, Unit},
};
use crate::naive::{
    select::{Found, member},
    text::{split, unescape},
};
use anyhow::bail;
use fhir::json::Node;

struct Quantity {
    range: Range,
    system: Option<String>,
    code: Option<String>,
    unit: Option<String>,
}

impl Quantity {
    fn measures(&self) -> Option<&'static Unit> {
        measured(self.system.as_deref(), self.code.as_deref()?)
    }
}

/// The unit, if it is one of those that are converted.
fn measured(system: Option<&str>, code: &str) -> Option<&'static Unit> {
    if system == Some(unit::UCUM) { unit::known(code) } else { None }
}

pub fn holds(asked: Asked<'_>, found: &[Found<'_>]) -> anyhow::Result<bool> {
    let parts: Vec<String> = split(asked.value, '|').iter().map(|part| unescape(part)).collect();
    for one in found.iter().filter_map(of) {
        let holds = match parts.as_slice() {
            [number] => number::compare(number, one.range)?,
            [number, system, unit] if system.is_empty() => {
                (one.code.as_ref() == Some(unit) || one.unit.as_ref() == Some(unit))
                    && number::compare(number, one.range)?
            }
            [number, system, code] => match (measured(Some(system), code), one.measures()) {
                (Some(asked), Some(its)) => {
                    asked.of == its.of
                        && number::compare_in(number, its.range(one.range), |number| asked.parts(number))?
                }
                _ => {
                    one.system.as_ref() == Some(system)
                        && one.code.as_ref() == Some(code)
                        && number::compare(number, one.range)?
                }
            },
            _ => bail!("no quantity: {}", asked.value),
        };
        if holds {
            return Ok(true);
        }
    }
    Ok(false)
}

pub fn keys(found: &[Found<'_>]) -> Vec<Key> {
    let key = |one: Quantity| match one.measures() {
        Some(unit) => unit.order(one.range.low),
        None => unit::order(one.range.low),
    };
    found.iter().filter_map(of).map(key).map(Key::Number).collect()
}

fn of(found: &Found<'_>) -> Option<Quantity> {
    let node = found.node()?;
    if found.is("Range") {
        let unit = node.get("low").or(node.get("high"))?;
        return Some(with_unit(number::range(node)?, unit));
    }
    if found.is("SampledData") {
        let low = number::point(&member(node, "lowerLimit")?)?.low;
        let high = number::point(&member(node, "upperLimit")?)?.high;
        return Some(with_unit(Range { low, high }, node.get("origin")?));
    }
    let range = number::point(&member(node, "value")?)?;
    if found.is("Money") {
        let (system, code) = ("urn:iso:std:iso:4217".to_owned(), member(node, "currency"));
        return Some(Quantity { range, system: Some(system), unit: code.clone(), code });
    }
    Some(with_unit(range, node))
}

fn with_unit(range: Range, of: Node<'_>) -> Quantity {
    Quantity { range, system: member(of, "system"), code: member(of, "code"), unit: member(of, "unit") }
}
