//! The order that a search asks for: https://hl7.org/fhir/R4/search.html#sort
//!
//! Each resource has a key for it, bytes that compare as the resources are ordered; those with equal keys come in the default order.
//! Of several values of a parameter the one counts that comes first in the direction. What has no value comes last, in
//! either direction. Numbers and quantities compare by value, whatever the unit; dates by their start; strings as they are
//! searched, without case and accents; tokens by code, then system; references by `Type/id` or URL.

use crate::facts::Facts;
use crate::kind::problem::Problem;
use fhir::definitions::{ParamId, ParamKind, ResourceType, SearchParameter};
use fhir::index::{Value, Values};

/// Keys of a parameter are no longer: longer texts are ordered by their start.
const TEXT_BYTES_MAX: usize = 64;
/// Rules of one search.
const RULES_MAX: usize = 8;

/// The rules, the first first; none: the default order.
#[derive(Clone, Debug, Default)]
pub struct Sort(Vec<Rule>);

#[derive(Clone, Copy, Debug)]
struct Rule {
    by: By,
    descending: bool,
}

#[derive(Clone, Copy, Debug)]
enum By {
    Id,
    LastUpdated,
    Parameter(ParamId),
}

const PRESENT: u8 = 0;
const MISSING: u8 = 1;

impl Sort {
    /// Adds the rules of `text`, a list of parameters, each of which `find` finds among those of all types searched.
    ///
    /// # Errors
    /// A parameter that is not known, or whose values have no order.
    pub(crate) fn read(
        &mut self,
        text: &str,
        find: impl Fn(&str) -> Result<&'static SearchParameter, Problem>,
    ) -> Result<(), Problem> {
        for part in text.split(',') {
            let (descending, name) = match part.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, part),
            };
            let by = match name {
                "" => {
                    return Err(Problem::unusable(
                        "it takes names of search parameters, such as status,-date",
                    ));
                }
                "_id" => By::Id,
                "_lastUpdated" => By::LastUpdated,
                _ => By::Parameter(sortable(name, find(name))?),
            };
            self.0.push(Rule { by, descending });
        }
        match self.0.len() > RULES_MAX {
            true => Err(Problem::unusable(format!("it takes {RULES_MAX} parameters at most"))),
            false => Ok(()),
        }
    }

    /// Whether nothing else was asked for.
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether keys are made of index values, too.
    pub(crate) fn needs_values(&self) -> bool {
        self.0.iter().any(|rule| matches!(rule.by, By::Parameter(_)))
    }

    /// The key of a resource; empty in the default order.
    pub(crate) fn key(&self, values: &Values<'_>, facts: &Facts<'_>) -> Box<[u8]> {
        let mut key = Vec::new();
        let mut value = Vec::new();
        for Rule { by, descending } in &self.0 {
            let mut best: Option<Vec<u8>> = None;
            let mut see = |value: &mut Vec<u8>| {
                let better = best.as_ref().is_none_or(|best| (*value < *best) != *descending);
                if better {
                    best = Some(std::mem::take(value));
                }
                value.clear();
            };
            match by {
                By::Id => {
                    text(facts.id.as_str(), &mut value);
                    see(&mut value);
                }
                By::LastUpdated => {
                    value.extend_from_slice(&facts.last_updated_ms.to_be_bytes());
                    see(&mut value);
                }
                By::Parameter(param) => {
                    for one in values.of(*param) {
                        if encode(&one, &mut value) {
                            see(&mut value);
                        }
                    }
                }
            }
            match best {
                None => key.push(MISSING),
                Some(best) => {
                    key.push(PRESENT);
                    let flip = if *descending { 0xff } else { 0 };
                    key.extend(best.iter().map(|byte| byte ^ flip));
                }
            }
        }
        key.into()
    }
}

fn sortable(name: &str, found: Result<&'static SearchParameter, Problem>) -> Result<ParamId, Problem> {
    let found = found
        .map_err(|_| Problem::unusable(format!("'{name}' is no search parameter of what is searched")))?;
    match found.kind {
        ParamKind::Composite | ParamKind::Special => {
            Err(Problem::unusable(format!("the values of '{name}' have no order")))
        }
        _ => Ok(found.id),
    }
}

/// The bytes of a value; false where it is none to order by.
fn encode(value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    match *value {
        Value::Date { low_ms: number, .. }
        | Value::Number { value: number, .. }
        | Value::Quantity { value: number, .. } => {
            // Negative numbers come first.
            out.extend_from_slice(&((number as u64) ^ (1 << 63)).to_be_bytes());
        }
        Value::String { normalized, .. } => text(normalized, out),
        Value::Token { system, code } => {
            text(code.unwrap_or_default(), out);
            text(system.unwrap_or_default(), out);
        }
        Value::Reference { type_code, id, .. } => {
            text(ResourceType::from_code(type_code).map_or("", ResourceType::name), out);
            text(id, out);
        }
        Value::ReferenceUrl { url, .. } | Value::Uri(url) => text(url, out),
        _ => return false,
    }
    true
}

/// With an end, so that what is shorter comes first and what follows does not matter before.
fn text(text: &str, out: &mut Vec<u8>) {
    let start = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    // No text in JSON has this character but for one who wishes to break the order of his own.
    out.extend(start.bytes().map(|byte| byte.max(1)));
    out.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: Value<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        assert!(encode(&value, &mut out));
        out
    }

    #[test]
    fn values_compare_as_they_are_ordered() {
        let number = |value| encoded(Value::Number { value, low: 0, high: 0, text: "" });
        assert!(number(-5) < number(-1) && number(-1) < number(0) && number(0) < number(7));
        let string = |normalized| encoded(Value::String { normalized, exact: "" });
        assert!(string("") < string("a") && string("a") < string("ab") && string("ab") < string("b"));
        let token = |code, system| encoded(Value::Token { code: Some(code), system: Some(system) });
        assert!(token("a", "z") < token("ab", "a") && token("a", "a") < token("a", "b"));
    }
}
