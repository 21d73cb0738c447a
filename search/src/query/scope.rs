//! Where a query's matches can be.

use super::expr::{Expr, Leaf};
use crate::kind::reference::ReferenceMatch;
use fhir::compartment::{patient_params, routing_params};
use fhir::definitions::{COMPARTMENTS, ParamId, ResourceType, compartment_members, membership_params};
use proto::id::{CompartmentKey, ResourceId, ResourceKey, TenantId, TypeCode};
use proto::{Code, Error};

/// Which part of the data can hold matches, and so who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only these ids, of the query's types: point reads.
    Ids(Vec<ResourceId>),
    /// Only this compartment: one range scan.
    Compartment(CompartmentKey),
    /// This patient's compartment, and resources of others that name the patient otherwise than by where they live.
    Membership(CompartmentKey),
    /// Anything: the index.
    Population,
}

/// The types that a search of a compartment is over: all of `named`, or all members where none is named.
///
/// # Errors
/// A type that is never in such a compartment.
pub(super) fn members(compartment: ResourceType, named: &[ResourceType]) -> Result<Vec<ResourceType>, Error> {
    let members: Vec<_> = compartment_members(compartment.name()).collect();
    if members.is_empty() {
        let text = format!("{compartment} has no compartments: {} have", COMPARTMENTS.join(", "));
        return Err(Error::new(Code::BadRequest, text));
    }
    if let Some(other) = named.iter().find(|t| !members.contains(t)) {
        return Err(Error::new(Code::BadRequest, format!("{other} is never in a {compartment} compartment")));
    }
    Ok(if named.is_empty() { members } else { named.to_vec() })
}

/// The condition of being in a compartment, for its members of some types: https://hl7.org/fhir/R4/compartmentdefinition.html
pub(super) fn membership(compartment: ResourceType, types: &[ResourceType], id: ResourceId) -> Expr {
    let owner = TypeCode(compartment.code());
    let reference = |param| Expr::Leaf(Leaf::Reference(param, ReferenceMatch::Resource(owner, id)));
    let of_type = |t: &ResourceType| {
        let params = membership_params(compartment.name(), *t).filter_map(ParamId::from_code);
        let mut any: Vec<Expr> = params.map(reference).collect();
        if *t == compartment {
            any.push(Expr::Leaf(Leaf::Id(id)));
        }
        Expr::or(any)
    };
    match types {
        [one] => of_type(one),
        several => {
            let typed =
                |t: &ResourceType| Expr::And(vec![Expr::Leaf(Leaf::Type(TypeCode(t.code()))), of_type(t)]);
            Expr::Or(several.iter().map(typed).collect())
        }
    }
}

/// Where a compartment search's matches can be.
pub(super) fn of_membership(
    tenant: TenantId,
    compartment: ResourceType,
    types: &[ResourceType],
    id: ResourceId,
) -> Scope {
    if compartment != ResourceType::PATIENT {
        return Scope::Population;
    }
    let key = CompartmentKey::of(tenant, patient(), id);
    let lives_there = |t: &ResourceType| {
        *t != ResourceType::PATIENT && patient_params(*t).iter().all(|code| routing_params(*t).contains(code))
    };
    match types.iter().all(lives_there) {
        true => Scope::Compartment(key),
        false => Scope::Membership(key),
    }
}

/// Where a query's matches can be, from its conditions.
pub(super) fn of_conditions(
    tenant: TenantId,
    types: &[ResourceType],
    expr: &Expr,
    point_reads_max: usize,
) -> Scope {
    let conditions = match expr {
        Expr::And(all) => all.as_slice(),
        other => std::slice::from_ref(other),
    };
    if let Some(ids) = conditions.iter().find_map(ids)
        && !types.is_empty()
        && ids.len() * types.len() <= point_reads_max
    {
        return Scope::Ids(ids);
    }
    let [t] = types else { return Scope::Population };
    let patient = conditions.iter().find_map(|condition| routed(condition, *t));
    match patient {
        Some(id) => Scope::Compartment(CompartmentKey::of(tenant, self::patient(), id)),
        None => Scope::Population,
    }
}

/// The ids that an `_id` condition allows.
fn ids(condition: &Expr) -> Option<Vec<ResourceId>> {
    let id = |expr: &Expr| match expr {
        Expr::Leaf(Leaf::Id(id)) => Some(*id),
        _ => None,
    };
    match condition {
        Expr::Or(any) if !any.is_empty() => any.iter().map(id).collect(),
        one => id(one).map(|id| vec![id]),
    }
}

/// The one patient whose compartment holds all that fulfil the condition.
fn routed(condition: &Expr, t: ResourceType) -> Option<ResourceId> {
    // An untyped reference asks for several types, but of a routing parameter only the patient's matches live there;
    // the others are looked for by the index.
    let Expr::Leaf(Leaf::Reference(param, ReferenceMatch::Resource(target, id))) = condition else {
        return None;
    };
    let routes = routing_params(t).iter().any(|code| ParamId::from_code(code) == Some(*param));
    (routes && *target == patient()).then_some(*id)
}

fn patient() -> TypeCode {
    TypeCode(ResourceType::PATIENT.code())
}

impl Scope {
    /// The resource key of an id that is its own compartment, as a first guess of where it lives.
    pub(crate) fn own_key(tenant: TenantId, type_code: TypeCode, id: ResourceId) -> ResourceKey {
        CompartmentKey::of(tenant, type_code, id).own()
    }
}
