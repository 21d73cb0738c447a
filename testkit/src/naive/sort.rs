//! In which order matches come: <https://hl7.org/fhir/R4/search.html#sort>, and `search/README.md` for what that leaves open.

use super::{
    kind::{self, Key},
    query::Query,
    select::select,
    store::{Store, Stored},
};
use fhir::definitions::search_parameter;
use std::cmp::Ordering;

/// Texts are ordered by so many of their first bytes.
const BYTES_MAX: usize = 64;

/// One parameter to order by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub code: String,
    pub descends: bool,
}

/// The rules of a query, the first first.
pub fn rules(query: &Query) -> Vec<Rule> {
    let parts = query.all("_sort").flat_map(|rules| rules.split(','));
    let rule =
        |part: &str| Rule { code: part.trim_start_matches('-').to_owned(), descends: part.starts_with('-') };
    parts.map(rule).collect()
}

/// By what a resource is ordered under each rule, if it has a value. Of several values the one counts that comes first.
pub fn keys(store: &Store, resource: &Stored, rules: &[Rule]) -> Vec<Option<Key>> {
    let key = |rule: &Rule| {
        let keys = match rule.code.as_str() {
            "_id" => vec![Key::Texts(vec![resource.name.id.clone()])],
            "_lastUpdated" => vec![Key::Number(resource.last_updated_ms.into())],
            code => {
                let parameter = search_parameter(resource.name.resource_type, code)?;
                kind::keys(parameter.kind, &select(resource, parameter), &store.base)
            }
        };
        let keys = keys.into_iter().map(shortened);
        if rule.descends { keys.max() } else { keys.min() }
    };
    rules.iter().map(key).collect()
}

fn shortened(key: Key) -> Key {
    let start = |text: String| text[..text.floor_char_boundary(BYTES_MAX)].to_owned();
    match key {
        Key::Texts(texts) => Key::Texts(texts.into_iter().map(start).collect()),
        number @ Key::Number(_) => number,
    }
}

/// Which comes first. What has no value comes last, in either direction.
pub fn compare(rules: &[Rule], one: &[Option<Key>], other: &[Option<Key>]) -> Ordering {
    let mut order = Ordering::Equal;
    for ((rule, one), other) in rules.iter().zip(one).zip(other) {
        order = order.then_with(|| match (one, other) {
            (Some(one), Some(other)) if rule.descends => other.cmp(one),
            (Some(one), Some(other)) => one.cmp(other),
            _ => one.is_none().cmp(&other.is_none()),
        });
    }
    order
}
