//! The order that a search asks for: https://hl7.org/fhir/R4/search.html#sort
//!
//! Each resource has a key for it, bytes that compare as the resources are ordered; those with equal keys come in the default order.
//! Of several values of a parameter the one counts that comes first in the direction. What has no value comes last, in
//! either direction. Numbers compare by value, quantities by value in base units, whatever these are, and as written where UCUM does not know
//! the unit; dates by their start; strings as they are
//! searched, without case and accents; tokens by code; references by `Type/id` or URL. `_score` is how well words fit that are asked for.
//!
//! `engine/ordered` makes the same keys of what the index has in order.

use crate::facts::Facts;
use crate::kind::problem::Problem;
use crate::kind::{quantity, string, words};
use crate::relevance::Relevance;
use fhir::definitions::{ParamId, ParamKind, ResourceType, SearchParameter};
use fhir::index::{Value, Values};
use std::sync::Arc;

/// Keys of a parameter are no longer: longer texts are ordered by their start.
const TEXT_BYTES_MAX: usize = 64;
/// Why nothing has a score.
pub(crate) const NO_WORDS: &str =
    "nothing is asked for that fits more or less; ask for words by _text or _content beside it";
/// Rules of one search.
const RULES_MAX: usize = 8;

/// The rules, the first first; none: the default order.
#[derive(Clone, Debug, Default)]
pub struct Sort {
    rules: Vec<Rule>,
    /// What the rules by relevance go by.
    relevance: Option<Arc<Relevance>>,
}

/// One part of an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub by: By,
    pub descending: bool,
}

/// What a rule orders by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    Id,
    LastUpdated,
    Parameter(ParamId, ParamKind),
    Relevance,
}

const PRESENT: u8 = 0;
pub(crate) const MISSING: u8 = 1;

impl Sort {
    /// Adds the rules of `text`, a list of parameters, each of which `find` finds among those of all types searched; `_score` is by
    /// `relevance`.
    ///
    /// # Errors
    /// A parameter that is not known, or whose values have no order; `_score` where nothing is asked for that fits more or less.
    pub(crate) fn read<'p>(
        &mut self,
        text: &str,
        relevance: Option<&Arc<Relevance>>,
        find: impl Fn(&str) -> Result<&'p SearchParameter, Problem>,
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
                "_score" if relevance.is_some() => {
                    self.relevance = relevance.cloned();
                    By::Relevance
                }
                "_score" => return Err(Problem::unusable(NO_WORDS)),
                _ => sortable(name, find(name))?,
            };
            self.rules.push(Rule { by, descending });
        }
        match self.rules.len() > RULES_MAX {
            true => Err(Problem::unusable(format!("it takes {RULES_MAX} parameters at most"))),
            false => Ok(()),
        }
    }

    /// The rules, the first first.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether nothing else was asked for.
    pub fn is_default(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether keys are made of index values, too.
    pub(crate) fn needs_values(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.by, By::Parameter(..) | By::Relevance))
    }

    /// The key of a resource; empty in the default order.
    pub(crate) fn key(&self, values: &Values<'_>, facts: &Facts<'_>) -> Box<[u8]> {
        let mut key = Vec::new();
        let mut value = Vec::new();
        for rule in &self.rules {
            let mut best: Option<Vec<u8>> = None;
            let mut see = |value: &mut Vec<u8>| {
                let better = best.as_ref().is_none_or(|best| (*value < *best) != rule.descending);
                if better {
                    best = Some(std::mem::take(value));
                }
                value.clear();
            };
            match rule.by {
                By::Id => {
                    text(facts.id.as_str(), &mut value);
                    see(&mut value);
                }
                By::LastUpdated => {
                    value.extend_from_slice(&number(facts.last_updated_ms as i64));
                    see(&mut value);
                }
                By::Relevance => {
                    let score = self.relevance.as_ref().map_or(0.0, |relevance| relevance.score(values));
                    // The bits of what is not negative are in its order.
                    value.extend_from_slice(&number(score.to_bits() as i64));
                    see(&mut value);
                }
                By::Parameter(param, _) => {
                    for one in values.of(param) {
                        if encode(&one, &mut value) {
                            see(&mut value);
                        }
                    }
                }
            }
            rule.push(best.as_deref(), &mut key);
        }
        key.into()
    }
}

impl Rule {
    /// Appends to a key what this rule has to it: of the encoded value that comes first, or of none.
    pub fn push(&self, best: Option<&[u8]>, key: &mut Vec<u8>) {
        let Some(best) = best else { return key.push(MISSING) };
        key.push(PRESENT);
        let flip = if self.descending { 0xff } else { 0 };
        key.extend(best.iter().map(|byte| byte ^ flip));
    }
}

fn sortable(name: &str, found: Result<&SearchParameter, Problem>) -> Result<By, Problem> {
    let found = found.map_err(|problem| match problem {
        Problem::NotYet(_) => problem,
        _ => Problem::unusable(format!("'{name}' is no search parameter of what is searched")),
    })?;
    match matches!(found.kind, ParamKind::Composite | ParamKind::Special) || words::is_one(name) {
        true => Err(Problem::unusable(format!("the values of '{name}' have no order"))),
        false => Ok(By::Parameter(found.id, found.kind)),
    }
}

/// The bytes of a value; false where it is none to order by.
fn encode(value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    match *value {
        Value::Date { low_ms: value, .. } | Value::Number { value, .. } => {
            out.extend_from_slice(&number(value))
        }
        Value::Quantity { .. } => match quantity::order(value) {
            Some(value) => out.extend_from_slice(&number(value)),
            None => return false,
        },
        Value::String { normalized, .. } => text(string::folded(normalized).as_bytes(), out),
        Value::Token { code: Some(code), .. } => text(code, out),
        Value::Reference { type_code, id, .. } => {
            text(ResourceType::from_code(type_code).map_or("", ResourceType::name), out);
            text(id, out);
        }
        Value::ReferenceUrl { url, .. } | Value::Uri(url) => text(url, out),
        _ => return false,
    }
    true
}

/// A number's bytes in a key.
pub(crate) fn number(value: i64) -> [u8; 8] {
    // Negative ones come first.
    ((value as u64) ^ (1 << 63)).to_be_bytes()
}

/// A text's bytes in a key: with an end, so that what is shorter comes first and what follows does not matter before. Of two texts the one that
/// is less, byte by byte, has no greater ones.
pub(crate) fn text(text: impl AsRef<[u8]>, out: &mut Vec<u8>) {
    let text = text.as_ref();
    let start = &text[..text.len().min(TEXT_BYTES_MAX)];
    // No text in JSON has this character but for one who wishes to break the order of his own.
    out.extend(start.iter().map(|byte| byte.max(&1)));
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
        let string = |normalized: &str| encoded(Value::String { normalized, exact: "" });
        assert!(string("") < string("a") && string("a") < string("ab") && string("ab") < string("b"));
        let token = |code, system| encoded(Value::Token { code: Some(code), system: Some(system) });
        assert!(token("a", "z") < token("ab", "a") && token("a", "a") == token("a", "b"));
        let long = |end: &str| string(&format!("{}{end}", "a".repeat(TEXT_BYTES_MAX - 1)));
        assert!(
            long("z") < long("\u{e9}") && long("zz") == long("z"),
            "cut at a byte, wherever a character ends"
        );
    }
}
