//! Random queries of all shapes, made of the values of what is there and of near misses.

mod condition;
mod value;
mod words;

use crate::naive::{Query, Store, Stored};
use fhir::definitions::{
    ParamKind, ResourceType, SearchParameter, membership_params, search_parameter, search_parameters,
};
use generator::random::Random;
use std::collections::BTreeSet;

/// A parameter and its value.
type Parameter = (String, String);

/// Makes queries for what is in a store.
pub struct Asking<'a> {
    pub random: &'a mut Random,
    pub store: &'a Store,
}

impl<'a> Asking<'a> {
    /// Any query that a server has to answer.
    pub fn query(&mut self) -> Query {
        let Some(t) = self.resource(None).map(|one| one.name.resource_type) else { return Query::default() };
        if self.random.chance(60) {
            return self.over_types(t);
        }
        if t == ResourceType::PATIENT && self.random.chance(200) {
            return self.inside(t);
        }
        let mut query = Query { resource_type: Some(t), ..Query::default() };
        let conditions = self.random.pick(&[0, 1, 1, 1, 2, 2, 3]);
        for _ in 0..conditions {
            query.parameters.extend(self.condition(t, 2));
        }
        let is_of_patients = t == ResourceType::PATIENT || membership_params("Patient", t).next().is_some();
        if is_of_patients && self.random.chance(120) {
            query.patient = self.id_of(ResourceType::PATIENT);
        }
        if self.random.chance(200) {
            for _ in 0..1 + self.random.below(3) {
                query.parameters.extend(self.include(t));
            }
        }
        let sortable: Vec<&str> = searchable(t).iter().map(|one| &*one.code).collect();
        self.presented(query, &sortable)
    }

    /// What stands inside others, with or without what stands alone.
    fn inside(&mut self, t: ResourceType) -> Query {
        let mut query = Query { resource_type: Some(t), ..Query::default() };
        for _ in 0..1 + self.random.below(2) {
            query.parameters.extend(self.by_one_of(t, &searchable(t)));
        }
        query.parameters.push(("_contained".to_owned(), self.random.pick(&["true", "both"]).to_owned()));
        self.presented(query, &["_id"])
    }

    /// By what both types have and mean alike.
    fn over_types(&mut self, t: ResourceType) -> Query {
        let Some(other) = self.resource(None).map(|one| one.name.resource_type) else {
            return Query::default();
        };
        let is_common = |one: &&SearchParameter| {
            search_parameter(other, &one.code).is_some_and(|twin| twin.kind == one.kind)
        };
        let common: Vec<&SearchParameter> = searchable(t).into_iter().filter(is_common).collect();
        let parameters = vec![("_type".to_owned(), format!("{t},{other}"))];
        let mut query = Query { parameters, ..Query::default() };
        for _ in 0..1 + self.random.below(2) {
            let one = self.by_one_of(t, &common);
            // The types that it refers to are not the same ones.
            let is_typed =
                |name: &str| name.split_once(':').is_some_and(|(_, t)| ResourceType::from_name(t).is_some());
            query.parameters.extend(one.filter(|(name, _)| !is_typed(name)));
        }
        let sortable: Vec<&str> = common.iter().map(|one| &*one.code).collect();
        self.presented(query, &sortable)
    }

    fn presented(&mut self, mut query: Query, sortable: &[&str]) -> Query {
        let mut add = |name: &str, value: String| query.parameters.push((name.to_owned(), value));
        if self.random.chance(350) {
            let rules: Vec<String> = (0..1 + self.random.below(3))
                .map(|_| {
                    let code = match self.random.below(6) {
                        0 => "_lastUpdated",
                        1 => "_id",
                        _ => self.random.pick(sortable),
                    };
                    format!("{}{code}", if self.random.chance(400) { "-" } else { "" })
                })
                .collect();
            add("_sort", rules.join(","));
        }
        if self.random.chance(600) {
            add("_count", (1 + self.random.below(9)).to_string());
        }
        if self.random.chance(300) {
            add("_total", "accurate".to_owned());
        }
        if self.random.chance(60) {
            add("_summary", "count".to_owned());
        }
        query
    }

    /// References from or to what is of type `t`, and where it iterates of what comes with that.
    fn include(&mut self, t: ResourceType) -> Option<Parameter> {
        let iterates = self.random.chance(400);
        let other = self.resource(None)?.name.resource_type;
        let (reverse, source) = match self.random.below(4) {
            0 | 1 => (false, if iterates { other } else { t }),
            _ => (true, other),
        };
        let name = format!(
            "{}{}",
            if reverse { "_revinclude" } else { "_include" },
            if iterates { ":iterate" } else { "" }
        );
        if self.random.chance(60) {
            return Some((name, "*".to_owned()));
        }
        let references = references(source);
        let is_near = |one: &&&SearchParameter| !reverse || one.targets.contains(&t);
        let near: Vec<&&SearchParameter> = references.iter().filter(is_near).collect();
        let all: Vec<&&SearchParameter> = references.iter().collect();
        let from = if near.is_empty() { all } else { near };
        if from.is_empty() {
            return None;
        }
        let parameter = self.random.pick(&from);
        let value = match self.random.below(5) {
            0 => format!("{source}:*"),
            1 => format!("{source}:{}:{}", parameter.code, self.random.pick(&parameter.targets[..])),
            _ => format!("{source}:{}", parameter.code),
        };
        Some((name, value))
    }

    /// Any that is there, of a type if one is named.
    fn resource(&mut self, t: Option<ResourceType>) -> Option<&'a Stored> {
        let is_one = |one: &&Stored| t.is_none_or(|t| one.name.resource_type == t);
        let all: Vec<&Stored> = self.store.current().filter(is_one).collect();
        (!all.is_empty()).then(|| self.random.pick(&all))
    }

    fn id_of(&mut self, t: ResourceType) -> Option<String> {
        Some(self.resource(Some(t))?.name.id.clone())
    }

    fn types(&self) -> BTreeSet<ResourceType> {
        self.store.current().map(|one| one.name.resource_type).collect()
    }
}

/// What resources of the type are searched by, but for what asks no element.
fn searchable(t: ResourceType) -> Vec<&'static SearchParameter> {
    let is_one = |one: &&SearchParameter| {
        one.expression.is_some()
            && !matches!(one.kind, ParamKind::Composite | ParamKind::Special)
            && !matches!(&*one.code, "_id" | "_lastUpdated")
    };
    search_parameters(t).filter(is_one).collect()
}

fn references(t: ResourceType) -> Vec<&'static SearchParameter> {
    searchable(t).into_iter().filter(|one| one.kind == ParamKind::Reference).collect()
}

/// What is in a query, in words.
pub fn shapes(query: &Query) -> BTreeSet<String> {
    let mut shapes: BTreeSet<String> = query.patient.iter().map(|_| "compartment".to_owned()).collect();
    for (name, value) in &query.parameters {
        let (code, modifier) = name.split_once(':').unwrap_or((name, ""));
        let is_chain = name.contains('.');
        let shape = match (code, query.types().first()) {
            ("_has", _) => "_has".to_owned(),
            _ if is_chain => "chain".to_owned(),
            ("_id" | "_lastUpdated" | "_text" | "_content" | "near", _) => code.to_owned(),
            (_, Some(t)) => search_parameter(*t, code)
                .map_or_else(|| name.clone(), |one| format!("{:?}", one.kind).to_lowercase()),
            _ => name.clone(),
        };
        if !modifier.is_empty() && code != "_has" && !is_chain && !shape.contains(':') {
            let is_type = ResourceType::from_name(modifier).is_some();
            shapes.insert(format!("{shape}:{}", if is_type { "Type" } else { modifier }));
        }
        if value.contains(',') && !code.starts_with('_') {
            shapes.insert("or".to_owned());
        }
        shapes.insert(shape);
    }
    shapes
}
