//! https://hl7.org/fhir/R4/search.html#reference

use super::super::expr::{Expr, Leaf, ReferenceMatch};
use super::super::problem::Problem;
use super::super::value::unescape;
use super::Context;
use fhir::definitions::{ResourceType, SearchParameter};
use fhir::index::{ReferenceText, parse_reference};
use proto::id::{ResourceId, TypeCode};

/// Whether `name` is a resource type that the parameter may point to.
pub(super) fn is_target(parameter: &SearchParameter, name: &str) -> bool {
    ResourceType::from_name(name).is_some_and(|t| parameter.targets.contains(&t))
}

pub(super) fn compile(
    parameter: &SearchParameter,
    modifier: Option<&str>,
    part: &str,
    context: &Context<'_>,
) -> Result<Expr, Problem> {
    let text = unescape(part);
    let leaf = |matching| Expr::Leaf(Leaf::Reference(parameter.id, matching));
    let of_type = modifier.and_then(ResourceType::from_name);
    match parse_reference(&text, context.base) {
        ReferenceText::Local { resource_type, id, .. } => {
            if of_type.is_some_and(|wanted| wanted != resource_type) {
                return Err(Problem::unusable(format!(
                    "'{text}' is not of the type that the modifier names"
                )));
            }
            Ok(leaf(resource(resource_type, id)?))
        }
        ReferenceText::Url { url, .. } if !url.contains(['/', ':']) => {
            // R4 lists Group among the targets of some `patient` parameters, but their expressions select patients only.
            let patient = (parameter.code == "patient").then_some(ResourceType::PATIENT);
            let one = of_type.or(patient);
            let types = one.as_ref().map_or(parameter.targets.as_slice(), std::slice::from_ref);
            let ids: Result<Vec<_>, _> = types.iter().map(|&t| resource(t, url).map(leaf)).collect();
            Ok(Expr::or(ids?))
        }
        ReferenceText::Url { url, .. } if url.contains(':') => Ok(leaf(ReferenceMatch::Url(url.to_owned()))),
        _ => Err(Problem::unusable(format!(
            "'{text}' is no reference: write [type]/[id] with a type of R4, [id], or an absolute URL"
        ))),
    }
}

fn resource(t: ResourceType, id: &str) -> Result<ReferenceMatch, Problem> {
    let id = ResourceId::parse(id).map_err(|error| Problem::unusable(error.to_string()))?;
    Ok(ReferenceMatch::Resource(TypeCode(t.code()), id))
}
