//! What comes with the matches of a page: <https://hl7.org/fhir/R4/search.html#include>.

use super::{
    kind::Place,
    matches::Reader,
    query::Query,
    store::{Name, Stored},
};
use fhir::definitions::{ParamKind, ResourceType, SearchParameter, search_parameters};
use std::collections::BTreeSet;

/// `_include=Type:parameter:Target` and its like; a star is `None`.
struct Include {
    reverse: bool,
    iterates: bool,
    source: Option<String>,
    code: Option<String>,
    target: Option<String>,
}

/// A resource in one of its versions.
pub type Shown = (Name, u64);

/// What comes with these, each once.
pub fn includes(reader: Reader<'_>, query: &Query, matches: &[&Stored]) -> BTreeSet<Shown> {
    let mut includes: Vec<Include> =
        query.parameters.iter().filter_map(|(name, value)| read(name, value)).collect();
    let mut last: Vec<&Stored> = matches.to_vec();
    let mut all: BTreeSet<Shown> = matches.iter().map(|one| shown(one)).collect();
    while !includes.is_empty() && !last.is_empty() {
        let found: Vec<&Stored> = includes
            .iter()
            .flat_map(|include| match include.reverse {
                true => include.sources(reader, &last),
                false => include.targets(reader, &last),
            })
            .collect();
        last = found.into_iter().filter(|one| all.insert(shown(one))).collect();
        includes.retain(|include| include.iterates);
    }
    for one in matches {
        all.remove(&shown(one));
    }
    all
}

fn shown(one: &Stored) -> Shown {
    (one.name.clone(), one.version)
}

fn read(name: &str, value: &str) -> Option<Include> {
    let (base, modifier) = name.split_once(':').unwrap_or((name, ""));
    if !["_include", "_revinclude"].contains(&base) {
        return None;
    }
    let mut parts = value.split(':').map(|part| Some(part.to_owned()).filter(|part| part != "*"));
    let mut next = || parts.next().flatten();
    let (reverse, iterates) = (base == "_revinclude", modifier == "iterate");
    Some(Include { reverse, iterates, source: next(), code: next(), target: next() })
}

impl Include {
    fn parameters(&self, source: ResourceType) -> impl Iterator<Item = &'static SearchParameter> {
        let is_one = move |one: &&SearchParameter| {
            one.kind == ParamKind::Reference
                && self.source.as_ref().is_none_or(|name| name == source.name())
                && self.code.as_ref().is_none_or(|code| *code == one.code)
        };
        search_parameters(source).filter(is_one)
    }

    fn is_to(&self, target: ResourceType) -> bool {
        self.target.as_ref().is_none_or(|name| name == target.name())
    }

    /// What they refer to, in the version that they name if they name one.
    fn targets<'s>(&self, reader: Reader<'s>, from: &[&Stored]) -> Vec<&'s Stored> {
        let mut found = vec![];
        for one in from {
            for parameter in self.parameters(one.name.resource_type) {
                for place in reader.places(one, parameter) {
                    let Place::Here(name, version) = place else { continue };
                    let target = match version {
                        Some(version) => {
                            version.parse().ok().and_then(|version| reader.store.version(&name, version))
                        }
                        None => reader.store.get(&name),
                    };
                    found.extend(target.filter(|_| self.is_to(name.resource_type)));
                }
            }
        }
        found
    }

    /// What refers to them.
    fn sources<'s>(&self, reader: Reader<'s>, to: &[&Stored]) -> Vec<&'s Stored> {
        let to: BTreeSet<&Name> =
            to.iter().map(|one| &one.name).filter(|name| self.is_to(name.resource_type)).collect();
        let refers = |one: &&Stored| {
            let mut parameters = self.parameters(one.name.resource_type);
            parameters.any(|parameter| reader.named(one, parameter).iter().any(|name| to.contains(name)))
        };
        reader.store.current().filter(refers).collect()
    }
}
