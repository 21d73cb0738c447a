//! One entry on its own: what a batch does with each, and a transaction with its reads.

use crate::{
    engine::Node,
    service::{Context, FhirService},
};
use bytes::Bytes;
use fhir::{
    bundle::{Method, ResponseEntry, Target},
    resource::instant,
};
use proto::{
    Code, Error,
    api::v1::{
        CreateRequest, DeleteRequest, HistoryRequest, Outcome, ReadRequest, SearchParameter, SearchRequest,
        UpdateRequest, VReadRequest, WriteResponse,
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
    let target = Target::parse(&request.url).map_err(|error| Error::new(Code::BadRequest, error.to_string()))?;
    match (request.method, target) {
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

/// What no entry can ask here, yet.
pub fn unsupported(method: Method, url: &str) -> Error {
    Error::new(Code::NotSupported, format!("{} {url} is not supported in a bundle", method.as_str()))
}

async fn get(node: &Node, context: &Context, target: Target) -> Result<ResponseEntry, Error> {
    match target {
        Target::Instance { resource_type, id } => {
            let read = node.read(context, ReadRequest { resource_type, id }).await?;
            Ok(found(&read.version_id, read.last_updated_ms, read.body))
        }
        Target::Version { resource_type, id, version_id } => {
            let read = node.vread(context, VReadRequest { resource_type, id, version_id }).await?;
            Ok(found(&read.version_id, read.last_updated_ms, read.body))
        }
        Target::Search { resource_type, query } => {
            let parameters = parameters(&query);
            let request =
                SearchRequest { resource_type: resource_type.unwrap_or_default(), parameters, ..Default::default() };
            let page = node.search(context, request).await?;
            Ok(listed(crate::rest::searchset(&page)))
        }
        Target::Type { resource_type } => {
            let page = node.search(context, SearchRequest { resource_type, ..Default::default() }).await?;
            Ok(listed(crate::rest::searchset(&page)))
        }
        Target::History { resource_type, id } => {
            let request = HistoryRequest {
                resource_type: resource_type.unwrap_or_default(),
                id: id.unwrap_or_default(),
                ..Default::default()
            };
            let page = node.history(context, request).await?;
            Ok(listed(crate::rest::history_bundle(&page)))
        }
        Target::Metadata => {
            let statement = node.capabilities(context, Default::default()).await?;
            Ok(listed(statement.body))
        }
    }
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
        outcome: Some(crate::rest::operation_outcome(error)),
        ..Default::default()
    }
}

fn status_line(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    format!("{status} {}", reason.unwrap_or_default()).trim_end().to_owned()
}
