//! What every answer gets: the request's id, and an OperationOutcome where it is an error, whoever made it.

use super::{call::Origin, format::FHIR_JSON, outcome::Failure};
use crate::{
    observe::trace::{TRACEPARENT, Trace},
    wire::caller::{request_id, stale},
};
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt, Limited};
use proto::{Code, Error, metadata::AGE};

const REQUEST_ID: &str = "x-request-id";

/// Takes over or makes the request's id, and gives it back; the same for a trace it belongs to.
pub(super) async fn origin(mut request: Request, next: Next) -> Response {
    let origin = read(request.headers());
    request.extensions_mut().insert(origin.clone());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&origin.request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if let Ok(Some(stale)) = &origin.stale {
        response.headers_mut().insert(AGE, stale.age_ms().into());
    }
    if let Some(value) = origin.trace.and_then(|trace| HeaderValue::try_from(trace.to_string()).ok()) {
        response.headers_mut().insert(TRACEPARENT, value);
    }
    response
}

/// `Patient/` is `Patient`: people and libraries end addresses so, and no FHIR path means another thing with a slash.
pub(super) async fn without_last_slash(mut request: Request, next: Next) -> Response {
    let uri = request.uri();
    if let Some(path) = uri.path().strip_suffix('/').filter(|path| !path.is_empty()) {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        // What was a path without its last byte is one still; if not, the routes answer what was asked.
        if let Ok(trimmed) = format!("{path}{query}").parse() {
            *request.uri_mut() = trimmed;
        }
    }
    next.run(request).await
}

fn read(headers: &HeaderMap) -> Origin {
    let given = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    Origin {
        request_id: request_id::accept(given(REQUEST_ID)),
        trace: Trace::accept(given(TRACEPARENT)),
        stale: stale::of(headers),
    }
}

/// axum and tower answer some errors on their own (405, 415, broken paths) in plain text or not at all.
pub(super) async fn errors_are_outcomes(request: Request, next: Next) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = next.run(request).await;
    let status = response.status();
    let made_here = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == FHIR_JSON);
    if made_here || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let error = Error::new(code_of(status), diagnostics(status, &method, &uri, response).await);
    let mut rewritten =
        (status, [(header::CONTENT_TYPE, FHIR_JSON)], crate::outcome::of(&error)).into_response();
    if let Some(allow) = allow {
        rewritten.headers_mut().insert(header::ALLOW, allow);
    }
    rewritten
}

fn code_of(status: StatusCode) -> Code {
    match status {
        // The first of the table with that status is about something else.
        StatusCode::BAD_REQUEST => Code::BadRequest,
        StatusCode::NOT_FOUND => Code::NotFound,
        _ => match Code::ALL.iter().find(|code| code.http() == status.as_u16()) {
            Some(&code) => code,
            None if status.is_server_error() => Code::Internal,
            None => Code::BadRequest,
        },
    }
}

async fn diagnostics(status: StatusCode, method: &Method, uri: &Uri, response: Response) -> String {
    if status == StatusCode::METHOD_NOT_ALLOWED {
        return format!("{method} is not offered on {}", uri.path());
    }
    let text = match Limited::new(response.into_body(), 1024).collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        Err(_) => String::new(),
    };
    match (text.is_empty(), status) {
        (false, _) => text,
        (true, StatusCode::UNSUPPORTED_MEDIA_TYPE) => {
            "the Content-Encoding is not understood: gzip or none".to_owned()
        }
        (true, _) => status.canonical_reason().unwrap_or("refused").to_owned(),
    }
}

/// A path nobody serves.
pub(super) async fn no_route(uri: Uri) -> Failure {
    Failure(Error::new(
        Code::NotFound,
        format!(
            "there is nothing at {}; FHIR is served at /fhir, and a tenant's at /t/NAME/fhir",
            uri.path()
        ),
    ))
}

/// A handler that panicked. The panic itself is on stderr.
pub(super) fn panicked(_: Box<dyn std::any::Any + Send>) -> http::Response<Body> {
    Failure(Error::new(Code::Internal, "a defect of the server; see its log")).into_response()
}
