//! Over gRPC.

use super::{Call, Entry, Reply, Target, parts};
use crate::chaos::{
    content::Content,
    record::{Level, Row, id_of, kind_of},
};
use client::{Client, Retry, api};
use std::time::Duration;

#[derive(Clone)]
pub(super) struct Grpc {
    client: Client,
}

/// Longer than the server's own.
const TIMEOUT: Duration = Duration::from_secs(40);

impl Grpc {
    pub(super) fn new(endpoint: &str) -> anyhow::Result<Grpc> {
        // The run repeats by itself, and says itself which key goes along.
        let client =
            Client::connect(endpoint)?.with_retry(Retry::never()).with_deadline(TIMEOUT).without_keys();
        Ok(Grpc { client })
    }

    pub(super) async fn send(&self, call: &Call, key: Option<&str>) -> Reply {
        let key = key.unwrap_or_default().to_owned();
        match self.answer(call, key).await {
            Ok(reply) => reply,
            Err(error) if error.may_have_applied() => Reply::Unknown(error.to_string()),
            Err(error) => Reply::Refused(error.code(), error.to_string()),
        }
    }

    async fn answer(&self, call: &Call, idempotency_key: String) -> client::Result<Reply> {
        let client = &self.client;
        let if_match_of =
            |version: &Option<u64>| version.map(|version| version.to_string()).unwrap_or_default();
        Ok(match call {
            Call::Put { name, body, if_match, only_new } => {
                let request = api::UpdateRequest {
                    resource_type: kind_of(name).to_owned(),
                    id: id_of(name).to_owned(),
                    body: body.clone().into(),
                    if_match: if_match_of(if_match),
                    if_none_match: if *only_new { "*".to_owned() } else { String::new() },
                    idempotency_key,
                };
                written(client.update(request).await?)
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
                written(client.patch(request).await?)
            }
            Call::Delete { name } => {
                let (resource_type, id) = (kind_of(name).to_owned(), id_of(name).to_owned());
                let request =
                    api::DeleteRequest { resource_type, id, if_match: String::new(), idempotency_key };
                written(client.delete(request).await?)
            }
            Call::Create { kind, body, criteria } => {
                let request = api::CreateRequest {
                    resource_type: (*kind).to_owned(),
                    body: body.clone().into(),
                    if_none_exist: criteria.clone().unwrap_or_default(),
                    idempotency_key,
                };
                written(client.create(request).await?)
            }
            Call::Bundle { body } => {
                let request = api::TransactionRequest { bundle: body.clone().into(), idempotency_key };
                let bundle = client.transaction(request).await?.bundle;
                let bundle = serde_json::from_slice(&bundle);
                Reply::Bundle(parts(&bundle.map_err(|error| client::Error::Protocol(error.to_string()))?))
            }
            Call::Read { name } => one(client.read(kind_of(name), id_of(name)).await?),
            Call::VRead { name, version } => {
                one(client.vread(kind_of(name), id_of(name), &version.to_string()).await?)
            }
            Call::Search { kind, query, more } => {
                let parameter = |(name, value): &(String, String)| api::SearchParameter {
                    name: name.clone(),
                    value: value.clone(),
                };
                let request = api::SearchRequest {
                    resource_type: (*kind).to_owned(),
                    parameters: query.iter().map(parameter).collect(),
                    cursor: more.clone().unwrap_or_default(),
                    strict: true,
                    ..Default::default()
                };
                found(client.search(request).await?)
            }
            Call::History { level, count, since_ms, more } => {
                let (resource_type, id) = match level {
                    Level::System => ("", ""),
                    Level::Type(kind) => (*kind, ""),
                    Level::Instance(name) => (kind_of(name), id_of(name)),
                };
                let request = api::HistoryRequest {
                    resource_type: resource_type.to_owned(),
                    id: id.to_owned(),
                    count: *count,
                    since_ms: *since_ms,
                    cursor: more.clone().unwrap_or_default(),
                    ..Default::default()
                };
                listed(client.history(request).await?)
            }
        })
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
