//! Errors of fields, in the form of GraphQL: <https://spec.graphql.org/October2021/#sec-Errors>.

use super::{output::Object, read::Location};
use bytes::Bytes;
use proto::Error;
use serde_json::{Value, json};

/// What is wrong with a field. The others are answered.
#[derive(Debug)]
pub struct Problem {
    pub error: Error,
    pub at: Location,
    /// Where the field is in the answer.
    pub path: Vec<Step>,
}

/// A step down the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(String),
    Index(usize),
}

/// Errors that one answer tells.
pub const PROBLEMS_MAX: usize = 100;

/// The answer: `data`, and `errors` where there are any, each with its OperationOutcome under `extensions.resource`
/// (<https://hl7.org/fhir/R4/graphql.html#errors>).
pub fn answer(data: &Object, problems: &[Problem]) -> Bytes {
    let mut out = br#"{"data":"#.to_vec();
    data.write(&mut out);
    if !problems.is_empty() {
        let errors: Vec<Value> = problems.iter().map(told).collect();
        out.extend_from_slice(format!(r#","errors":{}"#, Value::from(errors)).as_bytes());
    }
    out.push(b'}');
    out.into()
}

fn told(problem: &Problem) -> Value {
    let step = |step: &Step| match step {
        Step::Key(key) => Value::from(key.as_str()),
        Step::Index(index) => Value::from(*index),
    };
    let outcome = crate::outcome::of(&problem.error);
    json!({
        "message": problem.error.diagnostics(),
        "locations": [{ "line": problem.at.line, "column": problem.at.column }],
        "path": problem.path.iter().map(step).collect::<Vec<_>>(),
        "extensions": { "resource": serde_json::from_slice::<Value>(&outcome).unwrap_or_default() },
    })
}
