//! Parameters that rest on other searches: chains, https://hl7.org/fhir/R4/search.html#chaining, `_has`,
//! https://hl7.org/fhir/R4/search.html#has, and `_list`, https://hl7.org/fhir/R4/search.html#list. Whoever carries out a search carries those out first, and says what was found.

use super::custom::Custom;
use super::expr::{Expr, Leaf};
use super::filter::{self, Test};
use super::hierarchy::{self, Way};
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
const FILTER: &str = "_filter";
/// What searches of every type take and no type defines.
const OF_ANY: &[&str] = &[LIST, FILTER];
/// From one resource to another: each step is a search within the one before.
const STEPS_MAX: usize = 16;

/// What has to be searched for first: resources of a type, by one parameter.
#[derive(Clone, Debug)]
pub struct Join {
    /// Of what is found first.
    pub resource_type: ResourceType,
    /// The parameter, with its modifier; it may be a join again. Of a hierarchy the one that says what something is part of.
    pub name: String,
    /// Its value. Of a hierarchy where that begins.
    pub value: String,
    /// How the two belong together.
    pub by: By,
}

/// A condition that rests on others, by which it is known ([`Joined`]), and these.
#[derive(Clone, Debug)]
pub struct Resting {
    /// As it was sent; of a comparison in a filter as a parameter of its own would be.
    pub name: String,
    /// The same.
    pub value: String,
    /// What has to be searched for first.
    pub joins: Vec<Join>,
}

/// How what is searched for belongs to what was found first.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// It refers to that, by this parameter.
    Reference(ParamId),
    /// That refers to it, by this parameter.
    Back(ParamId),
    /// It refers, by this parameter, to where a hierarchy begins or to what is reached from there.
    Hierarchy(ParamId, Way),
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

/// Whether the parameter of that name is one that rests on other searches.
pub(super) fn is_join(name: &str) -> bool {
    name == LIST || name.starts_with(HAS) || name.contains('.')
}

/// Whether the parameter of that name, modifier included, may rest on other searches.
pub fn may_join(name: &str) -> bool {
    is_join(name) || name == FILTER || name.ends_with(":above") || name.ends_with(":below")
}

/// What a parameter rests on where resources of these types are searched by it: nothing, or of a filter several things; of a chain whose
/// target type is not named, one join of each type that can be meant.
///
/// # Errors
/// What is wrong with it, or not supported.
pub fn joins(
    set: Option<&Set>,
    types: &[ResourceType],
    name: &str,
    value: &str,
) -> Result<Vec<Resting>, Problem> {
    of(&Custom::of(set), types, name, value)
}

/// The same.
pub(super) fn of(
    custom: &Custom<'_>,
    types: &[ResourceType],
    name: &str,
    value: &str,
) -> Result<Vec<Resting>, Problem> {
    if name == FILTER {
        return filter::chained(value)?.iter().map(|test| of_filter(custom, types, test)).collect();
    }
    let joins = match may_join(name) {
        true => read(custom, types, name, value)?,
        false => vec![],
    };
    let resting = |joins| Resting { name: name.to_owned(), value: value.to_owned(), joins };
    Ok(Some(joins).filter(|joins| !joins.is_empty()).map(resting).into_iter().collect())
}

/// The same of a parameter that is no filter.
pub(super) fn read(
    custom: &Custom<'_>,
    types: &[ResourceType],
    name: &str,
    value: &str,
) -> Result<Vec<Join>, Problem> {
    let steps = name.matches(['.']).count() + name.matches(HAS).count();
    if steps > STEPS_MAX {
        return Err(Problem::Limit(format!(
            "{steps} steps from one resource to another, but at most {STEPS_MAX} are allowed"
        )));
    }
    if !is_join(name) {
        let asked = hierarchy::asked(custom, types, name)?;
        let joins = asked.into_iter().flat_map(|asked| {
            let by = By::Hierarchy(asked.parameter, asked.way);
            let join = move |(resource_type, name)| Join { resource_type, name, value: value.to_owned(), by };
            asked.types.into_iter().map(join)
        });
        return Ok(joins.collect());
    }
    let [searched] = types else {
        return Err(Problem::unsupported("it takes a search of one resource type"));
    };
    match name.strip_prefix(HAS) {
        None if name == LIST => members(custom, *searched, value).map(|join| vec![join]),
        Some(rest) => back(custom, *searched, rest, value).map(|join| vec![join]),
        None => chain(custom, *searched, name, value),
    }
}

/// What a comparison of a filter with what is referred to rests on: that is searched for by a filter.
pub(super) fn of_filter(
    custom: &Custom<'_>,
    types: &[ResourceType],
    test: &Test<'_>,
) -> Result<Resting, Problem> {
    let mut joins = read(custom, types, test.name, "")?;
    let (head, rest) = test.name.split_once('.').unwrap_or((test.name, ""));
    let value = format!("{rest} {} {}", test.operator.code(), filter::quoted(&test.value));
    for join in &mut joins {
        (join.name, join.value) = (FILTER.to_owned(), value.clone());
    }
    Ok(Resting { name: format!("{head}.{FILTER}"), value, joins })
}

/// What the lists with these ids have among their entries.
fn members(custom: &Custom<'_>, searched: ResourceType, value: &str) -> Result<Join, Problem> {
    back(custom, searched, "List:item:_id", value)
}

/// `parameter.rest`, `parameter:Target.rest`
fn chain(custom: &Custom<'_>, searched: ResourceType, name: &str, value: &str) -> Result<Vec<Join>, Problem> {
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
    let (name, value) = (rest.to_owned(), value.to_owned());
    let by = By::Reference(parameter.id);
    let join = |resource_type| Join { resource_type, name: name.clone(), value: value.clone(), by };
    Ok(targets.into_iter().map(join).collect())
}

/// Of `_has:Type:reference:rest` what follows `_has:`.
fn back(custom: &Custom<'_>, searched: ResourceType, rest: &str, value: &str) -> Result<Join, Problem> {
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
    let by = By::Back(parameter.id);
    Ok(Join { resource_type, name: rest.to_owned(), value: value.to_owned(), by })
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
        Some(By::Reference(parameter) | By::Hierarchy(parameter, _)) => {
            Some(Leaf::Reference(parameter, ReferenceMatch::Resource(*type_code, *id)))
        }
        _ => is_searched(type_code).then_some(Leaf::Id(*id)),
    };
    let among = || Among { tenant, set: Arc::clone(&joined.many) };
    let many = (!joined.many.is_empty()).then(|| match by {
        Some(By::Reference(parameter) | By::Hierarchy(parameter, _)) => Leaf::Refers(parameter, among()),
        _ => Leaf::OneOf(among()),
    });
    Expr::or(joined.few.iter().filter_map(leaf).chain(many).map(Expr::Leaf).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(of: &str, name: &str) -> Option<Vec<(String, String)>> {
        let of = ResourceType::from_name(of).unwrap();
        let mut resting = joins(None, &[of], name, "x").ok()?;
        let joins = resting.pop()?.joins;
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
        let mut resting = joins(None, &[patient], "_has:Observation:subject:code", "x").unwrap();
        let joins = resting.remove(0).joins;
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
