//! Parameters that rest on other searches: chains, https://hl7.org/fhir/R4/search.html#chaining, `_has`,
//! https://hl7.org/fhir/R4/search.html#has, and `_list`, https://hl7.org/fhir/R4/search.html#list. Whoever carries out a search carries those out first, and says what was found.

use super::custom::Custom;
use super::expr::{Expr, Leaf};
use crate::kind::among::Among;
use crate::kind::problem::Problem;
use crate::kind::reference::ReferenceMatch;
use crate::resource_set::ResourceSet;
use fhir::definitions::{ParamId, ParamKind, ResourceType, SearchParameter};
use fhir::index::custom::Set;
use proto::id::{ResourceId, TenantId, TypeCode};
use std::sync::Arc;

const HAS: &str = "_has:";
const LIST: &str = "_list";
/// What searches of every type take and no type defines.
const OF_ANY: &[&str] = &[LIST, "_filter"];

/// What has to be searched for first: resources of a type, by one parameter with the value of the whole.
#[derive(Clone, Debug)]
pub struct Join {
    /// Of what is found first.
    pub resource_type: ResourceType,
    /// The parameter, with its modifier; it may be a join again.
    pub name: String,
    /// How the two belong together.
    pub by: By,
}

/// How what is searched for belongs to what was found first.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// It refers to that, by this parameter.
    Reference(ParamId),
    /// That refers to it, by this parameter.
    Back(ParamId),
}

/// A parameter that rests on other searches, and what those found: with a chain what has to be referred to, with `_has` what
/// is referred to. Few are named, which the index finds by terms; what is in either counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// As it was sent.
    pub name: String,
    /// The same.
    pub value: String,
    /// Type and id of each of some.
    pub few: Vec<(TypeCode, ResourceId)>,
    /// Others.
    pub many: Arc<ResourceSet>,
}

/// Whether the parameter of that name rests on other searches.
pub fn is_join(name: &str) -> bool {
    name == LIST || name.starts_with(HAS) || name.contains('.')
}

/// What has to be searched for first, where resources of these types are searched by that parameter: of a chain whose target
/// type is not named, one of each type that can be meant.
///
/// # Errors
/// What is wrong with it, or not supported.
pub fn joins(set: Option<&Set>, types: &[ResourceType], name: &str) -> Result<Vec<Join>, Problem> {
    read(&Custom::of(set), types, name)
}

/// The same.
pub(super) fn read(custom: &Custom<'_>, types: &[ResourceType], name: &str) -> Result<Vec<Join>, Problem> {
    let [searched] = types else {
        return Err(Problem::unsupported("it takes a search of one resource type"));
    };
    match name.strip_prefix(HAS) {
        None if name == LIST => members(custom, *searched).map(|join| vec![join]),
        Some(rest) => back(custom, *searched, rest).map(|join| vec![join]),
        None => chain(custom, *searched, name),
    }
}

/// What the lists with these ids have among their entries.
fn members(custom: &Custom<'_>, searched: ResourceType) -> Result<Join, Problem> {
    back(custom, searched, "List:item:_id")
}

/// `parameter.rest`, `parameter:Target.rest`
fn chain(custom: &Custom<'_>, searched: ResourceType, name: &str) -> Result<Vec<Join>, Problem> {
    let (head, rest) = name.split_once('.').unwrap_or((name, ""));
    let (code, target) = match head.split_once(':') {
        Some((code, target)) => (code, Some(target)),
        None => (head, None),
    };
    let parameter = reference(custom, searched, code)?;
    let base = rest.split(['.', ':']).next().unwrap_or_default();
    let has = |target: &ResourceType| is_known(custom, *target, rest, base);
    let targets: Vec<ResourceType> = match target {
        Some(target) => {
            let named = ResourceType::from_name(target).filter(|target| parameter.targets.contains(target));
            let named = named.ok_or_else(|| {
                Problem::unusable(format!("'{target}' is no resource type that '{code}' refers to"))
            })?;
            vec![named]
        }
        None => parameter.targets.iter().copied().filter(has).collect(),
    };
    if targets.is_empty() || !targets.iter().all(has) {
        return Err(Problem::unusable(format!("nothing that '{code}' refers to has a parameter '{base}'")));
    }
    let join = |resource_type| Join { resource_type, name: rest.to_owned(), by: By::Reference(parameter.id) };
    Ok(targets.into_iter().map(join).collect())
}

/// Of `_has:Type:reference:rest` what follows `_has:`.
fn back(custom: &Custom<'_>, searched: ResourceType, rest: &str) -> Result<Join, Problem> {
    let mut parts = rest.splitn(3, ':');
    let (Some(source), Some(code), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Problem::unusable("write _has:[type]:[reference]:[parameter]=[value]"));
    };
    let resource_type = ResourceType::from_name(source)
        .ok_or_else(|| Problem::unusable(format!("'{source}' is no resource type of FHIR R4")))?;
    let parameter = reference(custom, resource_type, code)?;
    if !parameter.targets.contains(&searched) {
        return Err(Problem::unusable(format!("'{code}' of {source} refers to no {searched}")));
    }
    let base = rest.split(['.', ':']).next().unwrap_or_default();
    if !is_known(custom, resource_type, rest, base) {
        return Err(Problem::unusable(format!("{source} has no parameter '{base}'")));
    }
    Ok(Join { resource_type, name: rest.to_owned(), by: By::Back(parameter.id) })
}

/// Whether a type is searched by what a chain goes on with.
fn is_known(custom: &Custom<'_>, t: ResourceType, rest: &str, base: &str) -> bool {
    rest.starts_with(HAS) || OF_ANY.contains(&rest) || custom.has(t, base)
}

fn reference<'a>(custom: &Custom<'a>, t: ResourceType, code: &str) -> Result<&'a SearchParameter, Problem> {
    let found = custom.find(t, code)?;
    let found = found.ok_or_else(|| Problem::unsupported(format!("{t} has no parameter '{code}'")))?;
    match found.kind {
        ParamKind::Reference => Ok(found),
        _ => Err(Problem::unusable(format!("'{code}' of {t} is no reference"))),
    }
}

/// The condition that what was found first makes: it is fulfilled by nothing where nothing was. What is referred to may be of
/// types that are not searched.
pub(super) fn condition(tenant: TenantId, types: &[ResourceType], joins: &[Join], joined: &Joined) -> Expr {
    let is_searched = |type_code: &TypeCode| types.iter().any(|t| t.code() == type_code.0);
    let by = joins.first().map(|join| join.by);
    let leaf = |(type_code, id): &(TypeCode, ResourceId)| match by {
        Some(By::Reference(parameter)) => {
            Some(Leaf::Reference(parameter, ReferenceMatch::Resource(*type_code, *id)))
        }
        _ => is_searched(type_code).then_some(Leaf::Id(*id)),
    };
    let among = || Among { tenant, set: Arc::clone(&joined.many) };
    let many = (!joined.many.is_empty()).then(|| match by {
        Some(By::Reference(parameter)) => Leaf::Refers(parameter, among()),
        _ => Leaf::OneOf(among()),
    });
    Expr::or(joined.few.iter().filter_map(leaf).chain(many).map(Expr::Leaf).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(of: &str, name: &str) -> Option<Vec<(String, String)>> {
        let of = ResourceType::from_name(of).unwrap();
        let joins = joins(None, &[of], name).ok()?;
        Some(joins.into_iter().map(|join| (join.resource_type.to_string(), join.name)).collect())
    }

    fn of(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect())
    }

    #[test]
    fn chains_name_what_is_searched_for_first() {
        assert_eq!(read("Observation", "subject:Patient.name:exact"), of(&[("Patient", "name:exact")]));
        assert_eq!(
            read("Observation", "subject:Patient.organization.name"),
            of(&[("Patient", "organization.name")])
        );
        assert_eq!(read("Patient", "_list"), of(&[("List", "_id")]));
        assert_eq!(read("Observation", "subject:Patient._list"), of(&[("Patient", "_list")]));
        assert_eq!(read("Patient", "_has:Observation:patient:_filter"), of(&[("Observation", "_filter")]));
        assert_eq!(read("Observation", "patient.birthdate"), of(&[("Patient", "birthdate")]));
        let any = read("Observation", "subject.identifier").unwrap();
        assert!(any.contains(&("Group".to_owned(), "identifier".to_owned())) && any.len() > 2, "{any:?}");
        assert_eq!(read("Patient", "_has:Observation:patient:code"), of(&[("Observation", "code")]));
        assert_eq!(
            read("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent"),
            of(&[("Observation", "_has:AuditEvent:entity:agent")])
        );
    }

    #[test]
    fn what_is_referred_to_may_be_of_another_type() {
        let patient = ResourceType::PATIENT;
        let joins = joins(None, &[patient], "_has:Observation:subject:code").unwrap();
        let of = |name: &str| TypeCode(ResourceType::from_name(name).unwrap().code());
        let id = |id: &str| ResourceId::parse(id).unwrap();
        let found = vec![(of("Group"), id("a")), (of("Patient"), id("b"))];
        let joined = |few, many| Joined { name: String::new(), value: String::new(), few, many };
        let tenant = TenantId(1);
        let none = joined(found, Arc::default());
        assert_eq!(condition(tenant, &[patient], &joins, &none), Expr::Leaf(Leaf::Id(id("b"))));
        let set = Arc::new(ResourceSet::new(vec![7]));
        let one_of = Expr::Leaf(Leaf::OneOf(Among { tenant, set: set.clone() }));
        assert_eq!(condition(tenant, &[patient], &joins, &joined(vec![], set)), one_of);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (of, name) in [
            ("Observation", "code.name"),
            ("Observation", "nonsense.name"),
            ("Observation", "subject:Practitioner.name"),
            ("Observation", "subject:Nonsense.name"),
            ("Observation", "subject.nonsense"),
            ("Observation", "subject."),
            ("Patient", "_has:Observation:patient"),
            ("Patient", "_has:Nonsense:patient:code"),
            ("Patient", "_has:Observation:code:code"),
            ("Patient", "_has:Observation:patient:nonsense"),
            ("Patient", "_has:Observation:encounter:code"),
        ] {
            assert!(read(of, name).is_none(), "{of}?{name}");
        }
    }
}
