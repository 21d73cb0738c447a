//! One entry on its own: what a batch does with each, and a transaction with its reads.

use super::patch;
use crate::{
    engine::Node,
    service::{Context, FhirService},
};
use bytes::Bytes;
use fhir::{
    bundle::{HistoryEntry, Method, ResponseEntry, SearchMode, Target, Writer},
    outcome::{self, Severity},
    resource::instant,
};
use proto::{
    Code, Error,
    api::v1::{
        CreateRequest, DeleteRequest, HistoryRequest, HistoryResponse, OperationRequest, Outcome,
        ReadRequest, SearchParameter, SearchRequest, SearchResponse, UpdateRequest, VReadRequest,
        WriteResponse,
    },
};

/// An entry's request with everything it needs, independent of the bundle's document.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub url: String,
    pub if_match: String,
    pub if_none_match: String,
    pub if_none_exist: String,
    pub body: Bytes,
    pub idempotency_key: String,
}

/// Carries one entry out.
pub async fn run(node: &Node, context: &Context, request: Request) -> Result<ResponseEntry, Error> {
    let target =
        Target::parse(&request.url).map_err(|error| Error::new(Code::BadRequest, error.to_string()))?;
    match (request.method, target) {
        (Method::Post, target @ Target::Operation { .. }) => {
            operation(node, context, target, request.body, false).await
        }
        (Method::Get | Method::Head, target) => get(node, context, target).await,
        (Method::Post, Target::Type { resource_type }) => {
            let create = CreateRequest {
                resource_type,
                body: request.body,
                if_none_exist: request.if_none_exist,
                idempotency_key: request.idempotency_key,
            };
            node.create(context, create).await.map(|answer| written(&answer))
        }
        (Method::Put, Target::Instance { resource_type, id }) => {
            let update = UpdateRequest {
                resource_type,
                id,
                body: request.body,
                if_match: request.if_match,
                if_none_match: request.if_none_match,
                idempotency_key: request.idempotency_key,
            };
            node.update(context, update).await.map(|answer| written(&answer))
        }
        (Method::Patch, target @ (Target::Instance { .. } | Target::Search { .. })) => {
            let patch = patch::request(target, request, &node.inner.options.json)?;
            node.patch(context, patch).await.map(|answer| written(&answer))
        }
        (Method::Delete, Target::Instance { resource_type, id }) => {
            let delete = DeleteRequest {
                resource_type,
                id,
                if_match: request.if_match,
                idempotency_key: request.idempotency_key,
            };
            node.delete(context, delete).await.map(|answer| written(&answer))
        }
        (method, _) => Err(unsupported(method, &request.url)),
    }
}

/// An operation, answered by its resource.
async fn operation(
    node: &Node,
    context: &Context,
    target: Target,
    body: Bytes,
    read_only: bool,
) -> Result<ResponseEntry, Error> {
    let Target::Operation { resource_type, id, version_id, name, query } = target else {
        return Err(Error::new(Code::BadRequest, "the entry names no operation"));
    };
    let parameters = parameters(&query);
    let request = OperationRequest { name, resource_type, id, version_id, parameters, body, read_only };
    Ok(listed(node.operation(context, request).await?.body))
}

/// What no entry can ask here, yet.
pub fn unsupported(method: Method, url: &str) -> Error {
    Error::new(Code::NotSupported, format!("{} {url} is not supported in a bundle", method.as_str()))
}

async fn get(node: &Node, context: &Context, target: Target) -> Result<ResponseEntry, Error> {
    match target {
        Target::Instance { resource_type, id } => {
            let read = node.read(context, ReadRequest { resource_type, id, ..Default::default() }).await?;
            Ok(found(&read.version_id, read.last_updated_ms, read.body))
        }
        Target::Version { resource_type, id, version_id } => {
            let request = VReadRequest { resource_type, id, version_id, ..Default::default() };
            let read = node.vread(context, request).await?;
            Ok(found(&read.version_id, read.last_updated_ms, read.body))
        }
        Target::Search { resource_type, query } => {
            let parameters = parameters(&query);
            let request = SearchRequest {
                resource_type: resource_type.unwrap_or_default(),
                parameters,
                ..Default::default()
            };
            Ok(listed(searchset(&node.search(context, request).await?)))
        }
        Target::Type { resource_type } => {
            let request = SearchRequest { resource_type, ..Default::default() };
            Ok(listed(searchset(&node.search(context, request).await?)))
        }
        Target::History { resource_type, id } => {
            let request = HistoryRequest {
                resource_type: resource_type.unwrap_or_default(),
                id: id.unwrap_or_default(),
                ..Default::default()
            };
            Ok(listed(history(&node.history(context, request).await?)))
        }
        Target::Metadata => {
            let statement = node.capabilities(context, Default::default()).await?;
            Ok(listed(statement.body))
        }
        target @ Target::Operation { .. } => operation(node, context, target, Bytes::new(), true).await,
    }
}

/// Inside a bundle there is no base to make absolute links with: entries carry relative ones.
fn searchset(page: &SearchResponse) -> Bytes {
    let bodies = page.entries.iter().map(|entry| entry.body.len() + 128).sum();
    let mut writer = Writer::new("searchset", page.total, &[], bodies);
    for entry in &page.entries {
        let full_url = format!("{}/{}", entry.resource_type, entry.id);
        writer.search_entry(Some(&full_url), &entry.body, SearchMode::Match);
    }
    writer.finish().into()
}

fn history(page: &HistoryResponse) -> Bytes {
    let bodies = page.entries.iter().map(|entry| entry.body.len() + 256).sum();
    let mut writer = Writer::new("history", page.total, &[], bodies);
    for entry in &page.entries {
        let url = format!("{}/{}", entry.resource_type, entry.id);
        let (method, status) = match Outcome::try_from(entry.outcome) {
            Ok(Outcome::Created) => (Method::Post, "201 Created"),
            Ok(Outcome::Deleted) => (Method::Delete, "204 No Content"),
            _ => (Method::Put, "200 OK"),
        };
        writer.history_entry(&HistoryEntry {
            full_url: &url,
            resource: (!entry.body.is_empty()).then_some(&entry.body),
            method,
            url: &url,
            status,
            version: entry.version_id.parse().unwrap_or(0),
            last_modified_ms: entry.last_updated_ms,
        });
    }
    writer.finish().into()
}

fn operation_outcome(error: &Error) -> Bytes {
    let issue = |issue| {
        let proto::error::Issue { code, diagnostics, expression, .. }: &proto::error::Issue = issue;
        outcome::Issue { severity: Severity::Error, code, diagnostics, expression: expression.as_deref() }
    };
    let issues: Vec<_> = error.issues.iter().map(issue).collect();
    outcome::operation_outcome(&issues).into()
}

/// `a=b&c=d`, percent-decoded.
pub fn parameters(query: &str) -> Vec<SearchParameter> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            SearchParameter { name: decode(name), value: decode(value) }
        })
        .collect()
}

fn listed(resource: Bytes) -> ResponseEntry {
    ResponseEntry { status: "200 OK".to_owned(), resource: Some(resource), ..Default::default() }
}

fn found(version_id: &str, last_updated_ms: u64, body: Bytes) -> ResponseEntry {
    ResponseEntry {
        status: "200 OK".to_owned(),
        etag: Some(format!("W/\"{version_id}\"")),
        last_modified: Some(instant(last_updated_ms)),
        resource: Some(body),
        ..Default::default()
    }
}

/// The response part of a write.
pub fn written(answer: &WriteResponse) -> ResponseEntry {
    let status = match Outcome::try_from(answer.outcome) {
        Ok(Outcome::Created) => "201 Created",
        Ok(Outcome::Deleted) => "204 No Content",
        Ok(Outcome::Unchanged) if answer.body.is_empty() => "204 No Content",
        _ => "200 OK",
    };
    if answer.version_id.is_empty() {
        return ResponseEntry { status: status.to_owned(), ..Default::default() };
    }
    let WriteResponse { resource_type, id, version_id, .. } = answer;
    let location = status != "204 No Content";
    ResponseEntry {
        status: status.to_owned(),
        location: location.then(|| format!("{resource_type}/{id}/_history/{version_id}")),
        etag: Some(format!("W/\"{version_id}\"")),
        last_modified: Some(instant(answer.last_updated_ms)),
        ..Default::default()
    }
}

/// The response part of an entry that failed.
pub fn failed(error: &Error) -> ResponseEntry {
    ResponseEntry {
        status: status_line(error.code.http()),
        outcome: Some(operation_outcome(error)),
        ..Default::default()
    }
}

fn status_line(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    format!("{status} {}", reason.unwrap_or_default()).trim_end().to_owned()
}
