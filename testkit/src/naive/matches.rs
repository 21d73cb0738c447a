//! Which resources a search finds: all its parameters hold of them.

use super::{
    kind::{self, Asked, Place},
    query::Query,
    select::select,
    store::{Name, Store, Stored},
    words,
};
use anyhow::Context;
use fhir::definitions::{ResourceType, SearchParameter, membership_params, search_parameter};

/// Parameters that choose nothing.
const CHOOSING_NOTHING: [&str; 10] = [
    "_contained",
    "_sort",
    "_count",
    "_total",
    "_summary",
    "_type",
    "_include",
    "_revinclude",
    "_include:iterate",
    "_revinclude:iterate",
];

/// Who looks.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'s> {
    pub store: &'s Store,
    /// When.
    pub now_ms: i64,
}

impl<'s> Reader<'s> {
    /// What is found, in no order.
    ///
    /// # Errors
    /// For what this reader does not understand.
    pub fn matches(self, query: &Query) -> anyhow::Result<Vec<&'s Stored>> {
        let types = query.types();
        let is_of_types = |one: &Stored| types.is_empty() || types.contains(&one.name.resource_type);
        let inside = query.all("_contained").next().unwrap_or("false");
        let mut matches = vec![];
        for one in self.store.current() {
            let is_own = inside != "true" && is_of_types(one) && self.is_match(one, query)?;
            if is_own || (inside != "false" && self.is_around_one(one, query, is_of_types)?) {
                matches.push(one);
            }
        }
        Ok(matches)
    }

    /// Whether it contains a match.
    fn is_around_one(
        self,
        resource: &Stored,
        query: &Query,
        is_of_types: impl Fn(&Stored) -> bool,
    ) -> anyhow::Result<bool> {
        for one in resource.contained() {
            if is_of_types(&one) && self.is_match(&one, query)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_match(self, resource: &Stored, query: &Query) -> anyhow::Result<bool> {
        if query.patient.as_ref().is_some_and(|patient| !self.is_member(resource, patient)) {
            return Ok(false);
        }
        for (name, values) in &query.parameters {
            if !CHOOSING_NOTHING.contains(&name.as_str()) && !self.holds(resource, name, values)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One parameter; what is behind a chain is asked as this is.
    fn holds(self, resource: &Stored, name: &str, values: &str) -> anyhow::Result<bool> {
        if let Some(rest) = name.strip_prefix("_has:") {
            return self.is_referred_to(resource, rest, values);
        }
        if let Some((head, rest)) = name.split_once('.') {
            return self.refers(resource, head, rest, values);
        }
        let (code, modifier) = match name.split_once(':') {
            Some((code, modifier)) => (code, Some(modifier)),
            None => (name, None),
        };
        let parameter = parameter(resource.name.resource_type, code)?;
        let base = self.store.base.as_str();
        let asked = Asked { kind: parameter.kind, modifier, value: "", base, now_ms: self.now_ms };
        match code {
            "_text" | "_content" if resource.is_contained() => words::hold(&[], values),
            "_id" | "_lastUpdated" if resource.is_contained() => Ok(false),
            "_text" => words::hold(&words::narrative(resource), values),
            "_content" => words::hold(&words::content(resource), values),
            "_id" => Ok(kind::is_named(&resource.name.id, values)),
            "_lastUpdated" => kind::is_of_time(asked, resource.last_updated_ms, values),
            _ => kind::holds(asked, &select(resource, parameter), values),
        }
    }

    /// A chain: it refers to a resource of which the rest holds.
    fn refers(self, resource: &Stored, head: &str, rest: &str, values: &str) -> anyhow::Result<bool> {
        let (code, of_type) = match head.split_once(':') {
            Some((code, name)) => (code, Some(name)),
            None => (head, None),
        };
        let first = rest.split(['.', ':']).next().unwrap_or_default();
        if self.refers_inside(resource, (code, of_type), rest, values)? {
            return Ok(true);
        }
        for name in self.named(resource, parameter(resource.name.resource_type, code)?) {
            let is_asked = first == "_has" || search_parameter(name.resource_type, first).is_some();
            let Some(target) = self.store.get(&name) else { continue };
            if is_asked
                && of_type.is_none_or(|wanted| wanted == name.resource_type.name())
                && self.holds(target, rest, values)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The same of what it contains; of that nobody knows who refers to it, and where it leads is not gone.
    fn refers_inside(
        self,
        resource: &Stored,
        (code, of_type): (&str, Option<&str>),
        rest: &str,
        values: &str,
    ) -> anyhow::Result<bool> {
        let first = rest.split(['.', ':']).next().unwrap_or_default();
        if first == "_has" || rest.contains('.') {
            return Ok(false);
        }
        let places = self.places(resource, parameter(resource.name.resource_type, code)?);
        for one in resource.contained() {
            let t = one.name.resource_type;
            let is_named = places.contains(&Place::Inside(one.name.id[1..].to_owned()));
            if is_named
                && search_parameter(t, first).is_some()
                && of_type.is_none_or(|wanted| wanted == t.name())
                && self.holds(&one, rest, values)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `_has:Type:reference:rest`, without its beginning: a resource of the type refers to it of which the rest holds.
    fn is_referred_to(self, resource: &Stored, text: &str, values: &str) -> anyhow::Result<bool> {
        let (source, text) = text.split_once(':').context("a type")?;
        let (code, rest) = text.split_once(':').context("a reference")?;
        let source = ResourceType::from_name(source).context("a type")?;
        let parameter = parameter(source, code)?;
        for one in self.store.current().filter(|one| one.name.resource_type == source) {
            if self.named(one, parameter).contains(&resource.name) && self.holds(one, rest, values)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The resources of this server that a parameter's references name.
    pub fn named(self, resource: &Stored, parameter: &SearchParameter) -> Vec<Name> {
        self.places(resource, parameter)
            .into_iter()
            .filter_map(|place| match place {
                Place::Here(name, _) => Some(name),
                _ => None,
            })
            .collect()
    }

    /// Where a parameter's references lead.
    pub fn places(self, resource: &Stored, parameter: &SearchParameter) -> Vec<Place> {
        select(resource, parameter).iter().flat_map(|one| kind::places(one, &self.store.base)).collect()
    }

    /// <https://hl7.org/fhir/R4/compartmentdefinition-patient.html>
    fn is_member(self, resource: &Stored, patient: &str) -> bool {
        let owner = Name { resource_type: ResourceType::PATIENT, id: patient.to_owned() };
        let t = resource.name.resource_type;
        let mut parameters = membership_params("Patient", t).filter_map(|code| search_parameter(t, code));
        resource.name == owner || parameters.any(|parameter| self.named(resource, parameter).contains(&owner))
    }
}

fn parameter(t: ResourceType, code: &str) -> anyhow::Result<&'static SearchParameter> {
    search_parameter(t, code).with_context(|| format!("{t} has no {code}"))
}
