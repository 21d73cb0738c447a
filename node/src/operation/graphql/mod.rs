//! `$graphql`: <https://hl7.org/fhir/R4/graphql.html>. What a query names of a stored resource, or of what it asks the server for.
//!
//! | file | is |
//! |---|---|
//! | `request` | a query as it was sent: parameters, or the JSON of GraphQL clients |
//! | `read` | GraphQL's text as a tree, with the variables filled in; the only home of `apollo_parser` |
//! | `execute` | the tree, carried out on documents that are there: pure, no reads |
//! | `store` | what was read for it: resources that references name, searches |
//! | `output`, `problem` | the answer and its errors |
//!
//! A query is carried out as often as it takes: each time on all that was read, until nothing is missing. So all references of one level are
//! read together, and a query that nests three levels of them is carried out four times.

mod execute;
mod output;
mod problem;
mod read;
mod request;
mod store;

use super::{
    Invocation, Scope,
    definition::{Definition, Kind, Parameter, Types},
};
use crate::draft;
use bytes::Bytes;
use execute::{Answer, Budget, answer};
use fhir::json::Document;
use futures::FutureExt;
use proto::{Code, Error};
use read::Query;
use store::{Limits, Store, Wanted};

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "graphql",
    url: "http://hl7.org/fhir/OperationDefinition/Resource-graphql",
    system: true,
    types: Types::All,
    on_type: false,
    on_instance: true,
    affects_state: false,
    parameters: &[
        Parameter::one("query", Kind::STRING),
        Parameter::one("operationName", Kind::STRING),
        Parameter::one("variables", Kind::STRING),
    ],
    // The JSON of <https://graphql.github.io/graphql-over-http/draft/#sec-JSON-Encoding>.
    unsupported: &[],
    bare: Some("query"),
    run: |invocation| graphql(invocation).boxed(),
};

async fn graphql(mut invocation: Invocation) -> Result<Bytes, Error> {
    let request = request::read(&mut invocation.input)?;
    let query = read::query(&request)?;
    let root = match invocation.scope {
        Scope::Instance { .. } => Some(invocation.stored().await?),
        _ => None,
    };
    let session = invocation.caller.session();
    let limits = &session.options().search_limits;
    let limits = Limits {
        count_default: limits.count_default,
        count_max: limits.count_max,
        resources_max: limits.includes_max,
    };
    let bases = session.bases();
    let mut store = Store::new(bases.bases(), limits);
    let budget = Budget::default();
    loop {
        let (answer, wanted) = carry_out(&query, root.as_ref(), &store, &budget)?;
        if wanted.is_empty() {
            session.context().share.take(answer.len())?;
            return Ok(answer);
        }
        store.fetch(session, wanted).await?;
    }
}

/// It may take milliseconds of CPU: it does not hold up the other tasks of its thread.
fn carry_out(
    query: &Query,
    root: Option<&Document>,
    store: &Store<'_>,
    budget: &Budget,
) -> Result<(Bytes, Wanted), Error> {
    let bytes = root.map_or(0, |root| root.source().len()) + store.bytes();
    draft::aside(bytes, || {
        let Answer { data, problems, wanted } = answer(query, root, store, budget)?;
        // What is not whole is not written.
        let body = match wanted.is_empty() {
            true => problem::answer(&data, &problems),
            false => Bytes::new(),
        };
        Ok((body, wanted))
    })
}

fn malformed(text: impl Into<String>) -> Error {
    Error::new(Code::Malformed, text)
}
