//! <https://hl7.org/fhir/R4/search.html#quantity>

use super::{
    Asked, Key,
    number::{self, Range},
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

pub fn holds(asked: Asked<'_>, found: &[Found<'_>]) -> anyhow::Result<bool> {
    let parts: Vec<String> = split(asked.value, '|').iter().map(|part| unescape(part)).collect();
    for one in found.iter().filter_map(of) {
        let is_of_unit = match parts.as_slice() {
            [_] => true,
            [_, system, unit] if system.is_empty() => {
                one.code.as_ref() == Some(unit) || one.unit.as_ref() == Some(unit)
            }
            [_, system, code] => one.system.as_ref() == Some(system) && one.code.as_ref() == Some(code),
            _ => bail!("no quantity: {}", asked.value),
        };
        if is_of_unit && number::compare(&parts[0], one.range)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub fn keys(found: &[Found<'_>]) -> Vec<Key> {
    found.iter().filter_map(of).map(|one| Key::Number(one.range.low)).collect()
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
