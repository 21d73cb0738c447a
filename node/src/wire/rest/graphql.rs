//! GraphQL over HTTP: a query that is sent as its text alone, and answers, which are JSON and no resource.

use super::{
    call::{Call, Shared},
    format::{Format, Syntax},
    payload::{self, Payload},
    response::json,
};
use axum::{extract::Request, response::Response};
use fhir::json::write_string;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use proto::{Code, Error};

/// Whether a body is a query and nothing else (<https://hl7.org/fhir/R4/graphql.html#Operation>).
pub(super) fn is_query(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/graphql")
}

/// Such a body as the JSON that says the same.
///
/// # Errors
/// Those of reading it; `Malformed` where it is not UTF-8.
pub(super) async fn body<S>(request: Request, shared: &Shared<S>) -> Result<Payload, Error> {
    let sent = payload::read(request, &shared.settings).await?.bytes;
    let text =
        std::str::from_utf8(&sent).map_err(|_| Error::new(Code::Malformed, "the query is not UTF-8"))?;
    let mut json = br#"{"query":"#.to_vec();
    write_string(&mut json, text);
    json.push(b'}');
    Ok(Payload { bytes: json.into() })
}

/// Whatever the format that resources are asked for in.
pub(super) fn answer(call: &Call, body: bytes::Bytes) -> Response {
    let mut response = json(call, StatusCode::OK, body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response.extensions_mut().insert(Format { syntax: Syntax::Json, ..call.format });
    response
}
