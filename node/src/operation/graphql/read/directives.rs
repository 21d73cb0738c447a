//! Directives: those of GraphQL (<https://spec.graphql.org/October2021/#sec-Type-System.Directives>) and those of FHIR.

use super::{super::malformed, tree::Shape, value::arguments, variables::Variables};
use apollo_parser::cst;
use proto::Error;
use serde_json::Value;

/// What they say; `None`: what they stand at is left out.
///
/// # Errors
/// `Malformed` for directives that nobody knows, and for arguments that they do not take.
pub fn read(directives: Option<cst::Directives>, variables: &Variables) -> Result<Option<Shape>, Error> {
    let (mut shape, mut is_left_out) = (Shape::default(), false);
    for directive in directives.iter().flat_map(|directives| directives.directives()) {
        let name = directive.name().map(|name| name.text().to_string()).unwrap_or_default();
        let given = arguments(directive.arguments(), variables)?;
        let argument = |wanted: &str| match given.as_slice() {
            [(name, value)] if name == wanted => Ok(value.clone()),
            _ => Err(malformed(format!("@{name} takes one argument: @{name}({wanted}: …)"))),
        };
        match name.as_str() {
            "include" => is_left_out |= !condition(&name, argument("if")?)?,
            "skip" => is_left_out |= condition(&name, argument("if")?)?,
            "flatten" => shape.flatten = true,
            "first" => shape.first = true,
            "singleton" => shape.singleton = true,
            "slice" => {
                let path = argument("path")?;
                let path = path.as_str().ok_or_else(|| malformed("the path of @slice is a string"))?;
                shape.slice = Some(path.to_owned());
            }
            _ => {
                let known = "include, skip, flatten, first, singleton and slice";
                return Err(malformed(format!("there is no directive @{name}; there are {known}")));
            }
        }
    }
    Ok((!is_left_out).then_some(shape))
}

fn condition(name: &str, value: Value) -> Result<bool, Error> {
    value.as_bool().ok_or_else(|| malformed(format!("@{name}(if: …) takes true or false, not {value}")))
}
