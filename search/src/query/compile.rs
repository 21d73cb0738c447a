//! From parameters to the tree.

use super::compiled::Query;
use super::compiler::Compiler;
use super::contained::{self, Inside};
use super::expr::Expr;
use super::include;
use super::known::PRESENTATION;
use super::limits::Limits;
use super::request::Request;
use super::scope::{self, Scope};
use crate::kind::problem::Problem;
use crate::kind::terminology::Terminology;
use crate::tally::Tell;
use fhir::definitions::{ParamId, ResourceType};
use proto::id::{ResourceId, TenantId};
use proto::{Code, Error};
use xxhash_rust::xxh3::Xxh3;

impl Query {
    /// Compiles a request. `terminology` lists the codes of value sets that the request names; it may take milliseconds.
    ///
    /// # Errors
    /// `UnknownType`; `BadParameter` for an unusable value and for a modifier, a chain or another filter that is not
    /// supported, and under strict handling for an unknown parameter; `TooCostly` over a limit.
    pub fn compile(
        tenant: TenantId,
        request: &Request<'_>,
        limits: &Limits,
        terminology: &dyn Terminology,
    ) -> Result<Query, Error> {
        check_size(request, limits)?;
        let mut compiler = Compiler::new(tenant, request, limits, terminology, types(request)?);
        // Types first, whose parameters the others are; last what goes by the conditions.
        let turn = |name: &str| match name {
            "_type" => 0,
            "_sort" | "_score" | "_maxresults" => 2,
            _ => 1,
        };
        let mut parameters: Vec<_> = request.parameters.iter().collect();
        parameters.sort_by_key(|(name, _)| turn(name));
        for (name, text) in parameters {
            match compiler.parameter(name, text) {
                Ok(()) => compiler.query.used.push((name.clone(), text.clone())),
                Err(problem) => compiler.query.issues.push(problem.settle(name, request.strict)?),
            }
        }
        let Compiler { mut query, mut conditions, custom, mut inside, .. } = compiler;
        include::check_summary(&query.includes, &query.used)?;
        query.custom = custom.asked();
        query.digest = digest(tenant, request, &query.used, &query.custom);
        if inside.is_asked() {
            check_inside(&query, &inside, request.compartment.is_some())?;
            let expr = inside.around(&std::mem::take(&mut query.types), Expr::and(conditions));
            // Pages are of containers, and how many are in these nobody counted.
            query.tell = if inside.alone { Tell::Nothing } else { query.tell };
            (query.expr, query.inside, query.scope) = (expr, Some(inside), Scope::Population);
        } else if let Some((kind, id)) = request.compartment {
            let (owner, id) = compartment(kind, id)?;
            query.types = scope::members(owner, &query.types)?;
            conditions.push(scope::membership(owner, &query.types, id));
            query.expr = Expr::and(conditions);
            query.scope = scope::of_membership(tenant, owner, &query.types, id);
        } else {
            query.expr = Expr::and(conditions);
            query.scope = scope::of_conditions(tenant, &query.types, &query.expr, limits.point_reads_max);
        }
        Ok(query)
    }
}

/// Refuses what makes no sense together with looking inside others.
fn check_inside(query: &Query, inside: &Inside, is_in_compartment: bool) -> Result<(), Error> {
    let refused = |why: &str| Err(Problem::unsupported(why).refused(contained::NAMES[0]));
    match query {
        _ if is_in_compartment => {
            refused("what stands inside others is in no compartment of its own; leave the compartment out")
        }
        query if query.types.is_empty() => refused("it takes a search of named types"),
        query if query.sort.needs_values() => {
            refused("what contains others is in no order of these; sort by _lastUpdated or _id")
        }
        query if !query.includes.is_empty() => {
            refused("nothing is included with what contains others; leave _include and _revinclude out")
        }
        query if inside.alone && query.tell == Tell::All => {
            refused("contained resources are not counted by themselves; count what contains them")
        }
        _ => Ok(()),
    }
}

fn check_size(request: &Request<'_>, limits: &Limits) -> Result<(), Error> {
    let over = |what: String| Err(Error::new(Code::TooCostly, what));
    if request.parameters.len() > limits.parameters_max {
        return over(format!(
            "{} search parameters, but at most {} are allowed",
            request.parameters.len(),
            limits.parameters_max
        ));
    }
    let size = |(name, text): &(String, String)| name.len() + text.len();
    let bytes: usize = request.parameters.iter().map(size).sum();
    if bytes > limits.bytes_max {
        return over(format!(
            "{bytes} bytes of search parameters, but at most {} are allowed",
            limits.bytes_max
        ));
    }
    match request.parameters.iter().find(|(_, text)| text.len() > limits.value_bytes_max) {
        Some((name, _)) => {
            let name: String = name.chars().take(100).collect();
            over(format!("the value of '{name}' is longer than {} bytes", limits.value_bytes_max))
        }
        None => Ok(()),
    }
}

fn types(request: &Request<'_>) -> Result<Vec<ResourceType>, Error> {
    request.resource_type.map(resource_type).into_iter().collect()
}

fn resource_type(name: &str) -> Result<ResourceType, Error> {
    let unknown = || {
        let name: String = name.chars().take(100).collect();
        Error::new(Code::UnknownType, format!("'{name}' is no resource type of FHIR R4"))
    };
    ResourceType::from_name(name).ok_or_else(unknown)
}

fn compartment(kind: &str, id: &str) -> Result<(ResourceType, ResourceId), Error> {
    let id = ResourceId::parse(id).map_err(|error| Error::new(Code::BadRequest, error.to_string()))?;
    Ok((resource_type(kind)?, id))
}

/// Everything that decides which resources match, in the order given: of the parameters those that are used, as the links
/// to other pages have no others. What comes with the matches of a page, and how they are shown, does not.
fn digest(tenant: TenantId, request: &Request<'_>, used: &[(String, String)], custom: &[ParamId]) -> u64 {
    let mut hash = Xxh3::new();
    let mut add = |text: &str| {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(&tenant.0.to_string());
    add(request.resource_type.unwrap_or_default());
    let (kind, id) = request.compartment.unwrap_or_default();
    add(kind);
    add(id);
    for (name, text) in used {
        if !matches!(name.as_str(), "_count" | "_total" | "_summary" | "_explain" | "_score")
            && !PRESENTATION.contains(&name.as_str())
            && !include::is_one(name)
        {
            add(name);
            add(text);
        }
    }
    for parameter in custom {
        add(&parameter.0.to_string());
    }
    hash.digest()
}
