//! Values of arguments: <https://spec.graphql.org/October2021/#sec-Input-Values>.

use super::{super::malformed, variables::Variables};
use apollo_parser::cst::{self, CstNode};
use proto::Error;
use serde_json::{Map, Value};

/// As JSON; an enum is a string, numbers keep their digits as far as JSON does.
///
/// # Errors
/// `Malformed` for variables that are not declared.
pub fn constant(value: &cst::Value, variables: &Variables) -> Result<Value, Error> {
    Ok(match value {
        cst::Value::Variable(variable) => match variable.name() {
            Some(name) => variables.value(&name.text())?,
            None => Value::Null,
        },
        cst::Value::StringValue(text) => Value::String(String::from(text)),
        cst::Value::IntValue(_) | cst::Value::FloatValue(_) => {
            let text = value.syntax().text().to_string();
            serde_json::from_str(text.trim()).map_err(|_| malformed(format!("{text} is no number")))?
        }
        cst::Value::BooleanValue(value) => Value::Bool(value.true_token().is_some()),
        cst::Value::NullValue(_) => Value::Null,
        cst::Value::EnumValue(name) => {
            Value::String(name.name().map(|name| name.text().to_string()).unwrap_or_default())
        }
        cst::Value::ListValue(list) => {
            list.values().map(|item| constant(&item, variables)).collect::<Result<Vec<_>, _>>()?.into()
        }
        cst::Value::ObjectValue(object) => {
            let mut members = Map::new();
            for field in object.object_fields() {
                if let (Some(name), Some(value)) = (field.name(), field.value()) {
                    members.insert(name.text().to_string(), constant(&value, variables)?);
                }
            }
            members.into()
        }
    })
}

/// The arguments of a field or directive.
///
/// # Errors
/// `Malformed` where one is given twice.
pub fn arguments(
    arguments: Option<cst::Arguments>,
    variables: &Variables,
) -> Result<Vec<(String, Value)>, Error> {
    let mut all: Vec<(String, Value)> = vec![];
    for argument in arguments.iter().flat_map(|arguments| arguments.arguments()) {
        let (Some(name), Some(value)) = (argument.name(), argument.value()) else { continue };
        let name = name.text().to_string();
        if all.iter().any(|(other, _)| *other == name) {
            return Err(malformed(format!(
                "the argument {name} is given twice; for several values give a list"
            )));
        }
        all.push((name, constant(&value, variables)?));
    }
    Ok(all)
}
