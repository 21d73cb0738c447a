//! Which variables an operation declares: <https://spec.graphql.org/October2021/#sec-Language.Variables>.

use super::{super::malformed, value::constant, variables::Variables};
use apollo_parser::cst;
use proto::Error;
use serde_json::{Map, Value};

/// Those that the operation declares: as given, else their defaults, else null.
///
/// # Errors
/// `Malformed` where one has to be given and is not.
pub fn variables(
    operation: &cst::OperationDefinition,
    given: &Map<String, Value>,
) -> Result<Variables, Error> {
    let mut variables = Variables::default();
    let declared = operation.variable_definitions();
    for definition in declared.iter().flat_map(|declared| declared.variable_definitions()) {
        let Some(name) = definition.variable().and_then(|variable| variable.name()) else { continue };
        let name = name.text().to_string();
        let default = definition.default_value().and_then(|default| default.value());
        let value = match (given.get(&name), default) {
            (Some(given), _) => given.clone(),
            // A default names no variable.
            (None, Some(default)) => constant(&default, &Variables::default())?,
            (None, None) => Value::Null,
        };
        if value.is_null() && matches!(definition.ty(), Some(cst::Type::NonNullType(_))) {
            return Err(malformed(format!("the variable ${name} has no value: give it in 'variables'")));
        }
        variables.declare(name, value);
    }
    Ok(variables)
}
