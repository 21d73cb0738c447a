//! By the messages of the API, however they get there.

use super::{Call, Entry, Reply, Server, Target, Wire, parts};
use crate::chaos::{
    content::Content,
    record::{Level, Row, id_of, kind_of},
};
use futures::future::BoxFuture;
use proto::{Code, api::v1 as api};

macro_rules! api {
    ($($call:ident: $request:ident -> $response:ident, of the client $method:ident;)*) => {
        /// The calls of a run.
        pub trait Api: Send + Sync {
            $(fn $call(
                &self,
                request: api::$request,
            ) -> impl Future<Output = Result<api::$response, Failure>> + Send;)*
        }
    };
}

crate::calls_of_a_run!(api);

/// Why a call has no answer.
#[derive(Debug)]
pub enum Failure {
    /// Certainly not applied; without a code: it was not sent.
    Refused(Option<Code>, String),
    /// What became of it is not known.
    Unknown(String),
}

/// What is asked by the API's messages, whichever wire is named.
pub struct Served<A>(pub A);

impl<A: Api> Server for Served<A> {
    fn send<'a>(&'a self, _: Wire, call: &'a Call, key: Option<&'a str>) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            match answer(&self.0, call, key.unwrap_or_default().to_owned()).await {
                Ok(reply) => reply,
                Err(Failure::Refused(code, text)) => Reply::Refused(code, text),
                Err(Failure::Unknown(text)) => Reply::Unknown(text),
            }
        })
    }
}

async fn answer(api: &impl Api, call: &Call, idempotency_key: String) -> Result<Reply, Failure> {
    let if_match_of = |version: &Option<u64>| version.map(|version| version.to_string()).unwrap_or_default();
    Ok(match call {
        Call::Put { name, body, if_match, only_new } => {
            let request = api::UpdateRequest {
                resource_type: kind_of(name).to_owned(),
                id: id_of(name).to_owned(),
                body: body.clone().into(),
                if_match: if_match_of(if_match),
                if_none_match: if *only_new { "*".to_owned() } else { String::new() },
                idempotency_key,
                ..Default::default()
            };
            written(api.update(request).await?)
        }
        Call::Patch { target, body, if_match } => {
            let (resource_type, id, criteria) = match target {
                Target::Name(name) => (kind_of(name), id_of(name), ""),
                Target::Criteria { kind, criteria } => (*kind, "", criteria.as_str()),
            };
            let request = api::PatchRequest {
                resource_type: resource_type.to_owned(),
                id: id.to_owned(),
                criteria: criteria.to_owned(),
                kind: api::PatchKind::Json as i32,
                body: body.clone().into(),
                if_match: if_match_of(if_match),
                idempotency_key,
            };
            written(api.patch(request).await?)
        }
        Call::Delete { name } => {
            let (resource_type, id) = (kind_of(name).to_owned(), id_of(name).to_owned());
            let request = api::DeleteRequest { resource_type, id, idempotency_key, ..Default::default() };
            written(api.delete(request).await?)
        }
        Call::Create { kind, body, criteria } => {
            let request = api::CreateRequest {
                resource_type: (*kind).to_owned(),
                body: body.clone().into(),
                if_none_exist: criteria.clone().unwrap_or_default(),
                idempotency_key,
            };
            written(api.create(request).await?)
        }
        Call::Bundle { body } => {
            let request = api::TransactionRequest {
                bundle: body.clone().into(),
                idempotency_key,
                ..Default::default()
            };
            let bundle = api.transaction(request).await?.bundle;
            let bundle = serde_json::from_slice(&bundle);
            Reply::Bundle(parts(&bundle.map_err(|error| Failure::Unknown(error.to_string()))?))
        }
        Call::Read { name } => {
            let (resource_type, id) = (kind_of(name).to_owned(), id_of(name).to_owned());
            one(api.read(api::ReadRequest { resource_type, id, ..Default::default() }).await?)
        }
        Call::VRead { name, version } => {
            let (resource_type, id) = (kind_of(name).to_owned(), id_of(name).to_owned());
            let version_id = version.to_string();
            let request = api::VReadRequest { resource_type, id, version_id, ..Default::default() };
            one(api.vread(request).await?)
        }
        Call::Search { kind, query, more } => found(api.search(search_of(kind, query, more)).await?),
        Call::History { level, count, since_ms, more } => {
            listed(api.history(history_of(level, *count, *since_ms, more)).await?)
        }
    })
}

fn search_of(kind: &str, query: &[(String, String)], more: &Option<String>) -> api::SearchRequest {
    let parameter =
        |(name, value): &(String, String)| api::SearchParameter { name: name.clone(), value: value.clone() };
    api::SearchRequest {
        resource_type: kind.to_owned(),
        parameters: query.iter().map(parameter).collect(),
        cursor: more.clone().unwrap_or_default(),
        strict: true,
        ..Default::default()
    }
}

fn history_of(level: &Level, count: u32, since_ms: u64, more: &Option<String>) -> api::HistoryRequest {
    let (resource_type, id) = match level {
        Level::System => ("", ""),
        Level::Type(kind) => (*kind, ""),
        Level::Instance(name) => (kind_of(name), id_of(name)),
    };
    api::HistoryRequest {
        resource_type: resource_type.to_owned(),
        id: id.to_owned(),
        count,
        since_ms,
        cursor: more.clone().unwrap_or_default(),
        ..Default::default()
    }
}

fn written(answer: api::WriteResponse) -> Reply {
    let created = answer.outcome() == api::Outcome::Created;
    let version = answer.version_id.parse().unwrap_or_default();
    Reply::Written { name: format!("{}/{}", answer.resource_type, answer.id), version, created }
}

fn entry(resource_type: &str, id: &str, version_id: &str, updated_ms: u64, body: &[u8]) -> Entry {
    let row = Row {
        of: format!("{resource_type}/{id}"),
        version: version_id.parse().unwrap_or_default(),
        updated_ms,
    };
    // What is no JSON has no content, which no write of a run has.
    Entry { row, content: Some(Content::of(&serde_json::from_slice(body).unwrap_or_default())) }
}

fn one(read: api::ReadResponse) -> Reply {
    let entry = entry(&read.resource_type, &read.id, &read.version_id, read.last_updated_ms, &read.body);
    Reply::Entries { entries: vec![entry], total: None, more: None }
}

fn found(page: api::SearchResponse) -> Reply {
    let one = |found: &api::SearchEntry| {
        entry(&found.resource_type, &found.id, &found.version_id, found.last_updated_ms, &found.body)
    };
    Reply::Entries {
        entries: page.entries.iter().map(one).collect(),
        total: page.total,
        more: Some(page.next_cursor).filter(|cursor| !cursor.is_empty()),
    }
}

fn listed(page: api::HistoryResponse) -> Reply {
    let one = |listed: &api::HistoryEntry| {
        let deleted = listed.outcome() == api::Outcome::Deleted;
        let mut entry = entry(
            &listed.resource_type,
            &listed.id,
            &listed.version_id,
            listed.last_updated_ms,
            &listed.body,
        );
        entry.content = entry.content.filter(|_| !deleted);
        entry
    };
    Reply::Entries {
        entries: page.entries.iter().map(one).collect(),
        total: page.total,
        more: Some(page.next_cursor).filter(|cursor| !cursor.is_empty()),
    }
}
