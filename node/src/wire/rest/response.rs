//! Answers that hold one resource.

use super::{
    call::Call,
    etag,
    format::{FHIR_JSON, Syntax},
    outcome::Failure,
    prefer::Return,
};
use crate::outcome;
use axum::{
    Extension,
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use fhir::{
    json::{Document, Limits},
    projection,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use proto::api::v1::{Outcome, ReadResponse, WriteResponse};

/// What handlers return.
pub(super) type Reply = Result<Response, Failure>;

/// A JSON body for the call; its bytes are untouched but for `_pretty`. [`super::xml`] makes XML of it where that was asked for.
pub(super) fn json(call: &Call, status: StatusCode, body: Bytes) -> Response {
    let (body, media_type) = match call.format.syntax {
        Syntax::Json if call.format.pretty => (pretty(body), call.format.media_type),
        Syntax::Json => (body, call.format.media_type),
        Syntax::Xml => (body, FHIR_JSON),
    };
    (status, [(header::CONTENT_TYPE, media_type)], Extension(call.format), Body::from(body)).into_response()
}

/// The body with white space; as it is if it is empty.
fn pretty(body: Bytes) -> Bytes {
    let limits = Limits { depth_max: 512, bytes_max: usize::MAX };
    match Document::parse(body.clone(), &limits) {
        Ok(document) => projection::pretty(document.root()).into(),
        Err(_) => body,
    }
}

/// A read: 304 where the client has this version already (<https://hl7.org/fhir/R4/http.html#cread>).
pub(super) fn read(call: &Call, found: ReadResponse) -> Response {
    let status = if is_current(&call.headers, &found) { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let body = if status == StatusCode::OK { found.body } else { Bytes::new() };
    let mut response = json(call, status, body);
    version_headers(response.headers_mut(), &found.version_id, found.last_updated_ms);
    response
}

/// If-None-Match wins over If-Modified-Since (RFC 9110, 13.1.3).
fn is_current(headers: &HeaderMap, found: &ReadResponse) -> bool {
    if let Some(tags) = headers.get(header::IF_NONE_MATCH) {
        return tags.to_str().is_ok_and(|tags| etag::any_matches(tags, &found.version_id));
    }
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|date| date.to_str().ok());
    let since = since.and_then(etag::parse_http_date);
    since.is_some_and(|second| found.last_updated_ms / 1000 <= second)
}

/// A create or update: 201 with Location for a new resource, else 200; the body as `Prefer` asks, whole by default.
pub(super) fn written(call: &Call, written: WriteResponse) -> Response {
    let status = match written.outcome() {
        Outcome::Created => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    let location =
        format!("{}/{}/{}/_history/{}", call.base, written.resource_type, written.id, written.version_id);
    let mut response = match call.prefer.return_.unwrap_or_default() {
        Return::Minimal => status.into_response(),
        Return::Representation => json(call, status, written.body.clone()),
        Return::OperationOutcome => json(call, status, outcome::written(&written)),
    };
    let headers = response.headers_mut();
    set(headers, header::LOCATION, location);
    version_headers(headers, &written.version_id, written.last_updated_ms);
    response
}

/// A delete: 204, or 200 with an outcome where `Prefer` asks for one.
pub(super) fn deleted(call: &Call, written: WriteResponse) -> Response {
    let mut response = match call.prefer.return_ {
        Some(Return::OperationOutcome) => json(call, StatusCode::OK, outcome::written(&written)),
        _ => StatusCode::NO_CONTENT.into_response(),
    };
    if !written.version_id.is_empty() {
        set(response.headers_mut(), header::ETAG, etag::weak(&written.version_id));
    }
    response
}

fn version_headers(headers: &mut HeaderMap, version_id: &str, last_updated_ms: u64) {
    set(headers, header::ETAG, etag::weak(version_id));
    if let Some(date) = etag::http_date(last_updated_ms) {
        set(headers, header::LAST_MODIFIED, date);
    }
}

/// Sets a header from the service's own ids, versions and addresses; what is no header value is left out.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
