//! Where a query's matches can be.

use super::expr::{Expr, Leaf};
use crate::kind::reference::ReferenceMatch;
use fhir::compartment::{patient_params, routing_params};
use fhir::definitions::{ParamId, ResourceType};
use proto::id::{CompartmentKey, ResourceId, ResourceKey, TenantId, TypeCode};

/// Which part of the data can hold matches, and so who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only these ids, of the query's types: point reads.
    Ids(Vec<ResourceId>),
    /// Only this compartment: one range scan.
    Compartment(CompartmentKey),
    /// This compartment, and resources of others that name its patient otherwise than by where they live.
    Membership(CompartmentKey),
    /// Anything: the index.
    Population,
}

/// The condition of being in the patient's compartment: https://hl7.org/fhir/R4/compartmentdefinition-patient.html
pub(super) fn membership(t: ResourceType, id: ResourceId) -> Expr {
    let reference = |param| Expr::Leaf(Leaf::Reference(param, ReferenceMatch::Resource(patient(), id)));
    let params = patient_params(t).iter().filter_map(|code| ParamId::from_code(code));
    let mut any: Vec<Expr> = params.map(reference).collect();
    if t == ResourceType::PATIENT {
        any.push(Expr::Leaf(Leaf::Id(id)));
    }
    Expr::or(any)
}

/// Where a compartment search's matches can be.
pub(super) fn of_membership(tenant: TenantId, t: ResourceType, id: ResourceId) -> Scope {
    let key = CompartmentKey::of(tenant, patient(), id);
    let lives_there = |code: &&str| routing_params(t).contains(code);
    match t != ResourceType::PATIENT && patient_params(t).iter().all(lives_there) {
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
