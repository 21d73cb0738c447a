//! `$reindex`: goes through the stored resources once more, so that each has the index values that search parameters give it now; and
//! `$reindex-status`: how far that is, and which parameters serve. Parameters that are defined need neither: their walk begins by
//! itself.

use super::{
    Invocation, Scope,
    definition::{Definition, Types},
};
use crate::session::Session;
use bytes::Bytes;
use fhir::{definitions::ResourceType, index::custom::Definition as Parameter};
use futures::FutureExt;
use proto::{Code, Error};
use serde_json::{Value, json};

pub(super) const DEFINITIONS: &[Definition] = &[REINDEX, STATUS];

const REINDEX: Definition = Definition {
    name: "reindex",
    url: "urn:salamander:OperationDefinition-reindex",
    system: true,
    types: Types::All,
    on_type: true,
    on_instance: true,
    affects_state: true,
    parameters: &[],
    unsupported: &[],
    bare: None,
    run: |invocation| begin(invocation).boxed(),
};

const STATUS: Definition = Definition {
    name: "reindex-status",
    url: "urn:salamander:OperationDefinition-reindex-status",
    affects_state: false,
    run: |invocation| tell(invocation).boxed(),
    ..REINDEX
};

async fn begin(invocation: Invocation) -> Result<Bytes, Error> {
    let session = invocation.caller.session();
    let types = match &invocation.scope {
        Scope::System => ResourceType::all().collect(),
        Scope::Type(t) => vec![*t],
        Scope::Instance { .. } => parameter(&invocation, session).await?.bases,
    };
    session.reindex(&types).await?;
    Ok(answer(session, None))
}

async fn tell(invocation: Invocation) -> Result<Bytes, Error> {
    let session = invocation.caller.session();
    session.learn().await?;
    let only = match &invocation.scope {
        Scope::System => None,
        Scope::Type(t) => Some(Only::Type(*t)),
        Scope::Instance { .. } => Some(Only::Url(parameter(&invocation, session).await?.url)),
    };
    Ok(answer(session, only))
}

enum Only {
    Type(ResourceType),
    Url(Box<str>),
}

/// The definition that the operation was asked of.
async fn parameter(invocation: &Invocation, session: Session<'_>) -> Result<Parameter, Error> {
    let stored = invocation.stored().await?;
    let url = stored.root().get("url").and_then(|url| url.as_str().map(|url| url.to_string()));
    let set = session.parameters();
    let entries = set.iter().flat_map(|set| set.entries());
    let is_it = |one: &&Parameter| Some(&*one.url) == url.as_deref();
    let found = entries.map(|entry| &entry.definition).rfind(is_it);
    found.cloned().ok_or_else(|| {
        Error::new(Code::BadRequest, "it is no active SearchParameter besides those of FHIR R4, so nothing is indexed for it")
    })
}

fn answer(session: Session<'_>, only: Option<Only>) -> Bytes {
    let indexing = session.indexing();
    let is_through = indexing.walks.is_empty();
    let permille = if is_through { 1000 } else { session.reindexed() };
    let mut parts = vec![
        json!({ "name": "status", "valueCode": if is_through { "complete" } else { "in-progress" } }),
        json!({ "name": "percent", "valueInteger": permille / 10 }),
        json!({ "name": "generation", "valueInteger": indexing.generation }),
    ];
    parts.extend(parameters(session, only.as_ref()));
    json!({ "resourceType": "Parameters", "parameter": parts }).to_string().into()
}

fn parameters(session: Session<'_>, only: Option<&Only>) -> Vec<Value> {
    let Some(set) = session.parameters() else { return vec![] };
    let wanted = |definition: &Parameter| match only {
        None => true,
        Some(Only::Type(t)) => definition.bases.contains(t),
        Some(Only::Url(url)) => definition.url == *url,
    };
    let entries = set.entries().iter().filter(|entry| wanted(&entry.definition));
    let told = entries.map(|entry| {
        let definition = &entry.definition;
        let percent = if entry.serves { 100 } else { session.reindexed() / 10 };
        let bases = definition.bases.iter().map(|base| json!({ "name": "base", "valueCode": base.name() }));
        let mut parts = vec![
            json!({ "name": "url", "valueUri": &*definition.url }),
            json!({ "name": "code", "valueCode": &*definition.code }),
            json!({ "name": "status", "valueCode": if entry.serves { "searchable" } else { "indexing" } }),
            json!({ "name": "percent", "valueInteger": percent }),
        ];
        parts.extend(bases);
        json!({ "name": "parameter", "part": parts })
    });
    told.collect()
}
