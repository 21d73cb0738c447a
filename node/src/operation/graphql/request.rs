//! A query as it was sent.

use super::{super::input::Input, malformed};
use proto::{Code, Error};
use serde_json::{Map, Value};

/// What is to be carried out.
#[derive(Debug, Default)]
pub struct Request {
    pub query: String,
    /// Empty: the one there is.
    pub operation: String,
    pub variables: Map<String, Value>,
}

/// From the parameters `query`, `operationName` and `variables` (a JSON object), or from an object with these members.
///
/// # Errors
/// `Malformed` where there is no query or its variables are no object.
pub fn read(input: &mut Input) -> Result<Request, Error> {
    let sent = match input.bare.take() {
        Some(sent) => parse(sent.source())?,
        None => Value::Null,
    };
    let text = |name: &str| match &sent[name] {
        Value::String(text) => text.clone(),
        _ => input.text(name).map(|text| text.into_owned()).unwrap_or_default(),
    };
    let query = text("query");
    if query.is_empty() {
        let text = "there is no query: send it as ?query=…, as JSON with a member 'query', or as application/graphql";
        return Err(malformed(text).as_issue("required"));
    }
    let variables = match (&sent["variables"], input.text("variables")) {
        (Value::Null, None) => Value::Null,
        (Value::Null, Some(text)) => parse(text.as_bytes())?,
        (sent, _) => sent.clone(),
    };
    let variables = match variables {
        Value::Object(variables) => variables,
        Value::Null => Map::new(),
        _ => {
            return Err(malformed(
                "'variables' is an object: the values of the query's variables by their names",
            ));
        }
    };
    Ok(Request { query, operation: text("operationName"), variables })
}

fn parse(json: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(json)
        .map_err(|error| Error::new(Code::Malformed, format!("'variables' is no JSON: {error}")))
}
