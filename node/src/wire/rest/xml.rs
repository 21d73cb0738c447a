//! XML on the wire. Behind this everything is JSON: bodies are read as the JSON that says the same, and answers are written as
//! XML where that was asked for, errors too.

use super::{
    call::Asked,
    format::{FHIR_JSON, Format, Syntax},
};
use crate::bounds::Share;
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use fhir::{
    json::{Document, Limits},
    xml,
};
use http::{HeaderValue, StatusCode, header};
use proto::{Code, Error, error::Issue};

/// Larger bodies are converted on a thread where they hold nobody up: 32 KiB take about half a millisecond.
const INLINE_BYTES_MAX: usize = 32 << 10;

/// Documents this server wrote: a body within its limits, in a bundle.
const OWN: Limits = Limits { depth_max: 512, bytes_max: usize::MAX };

/// A body of at most `bytes_max` bytes as JSON.
///
/// # Errors
/// `Malformed` where it is no XML, `Invalid` where it says what FHIR R4 has no place for.
pub(super) async fn to_json(body: Bytes, bytes_max: u64, share: Share) -> Result<Bytes, Error> {
    let limits = Limits { bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX), ..Limits::default() };
    let read = move |body: Bytes| {
        // Where it runs on a thread it does so to its end, whoever waits.
        let _share = share;
        xml::to_json(&body, &limits).map(Bytes::from).map_err(|error| malformed(&error))
    };
    on_a_thread_if_large(body, read).await
}

fn malformed(error: &xml::Error) -> Error {
    let expression = Some(error.path().to_owned()).filter(|path| !path.is_empty());
    let code = match error.kind() {
        xml::ErrorKind::TooLarge { .. } => Code::TooLarge,
        _ if error.is_about_content() => Code::Invalid,
        _ => Code::Malformed,
    };
    let issue_code = if code == Code::Invalid { "structure" } else { code.issue() };
    let issue = Issue { severity: "error", code: issue_code, diagnostics: error.to_string(), expression };
    Error { code, issues: vec![issue] }
}

/// Answers in XML where the request asks for it.
pub(super) async fn answers(mut request: Request, next: Next) -> Response {
    let asked = Asked::read(request.uri(), request.headers());
    // A request that asks for nothing we have is refused by whoever answers it, in JSON.
    let format = asked.format.as_ref().ok().copied();
    request.extensions_mut().insert(asked);
    let response = next.run(request).await;
    // Who answered may know better: the form of a search has parameters, too.
    let format = response.extensions().get::<Format>().copied().or(format);
    let mut response = match format {
        Some(format) if format.syntax == Syntax::Xml => in_xml(response, format).await,
        _ => response,
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn in_xml(response: Response, format: Format) -> Response {
    if response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind != FHIR_JSON) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type));
    parts.headers.remove(header::CONTENT_LENGTH);
    // The bodies of this server are in memory already.
    let json = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if json.is_empty() {
        return Response::from_parts(parts, Body::empty());
    }
    let body = match on_a_thread_if_large(json, move |json| write(json, format.pretty)).await {
        Ok(body) => body,
        Err(error) => {
            parts.status =
                StatusCode::from_u16(error.code.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let json = crate::outcome::of(&error);
            // An outcome has nothing that XML could not hold.
            write(json, format.pretty).unwrap_or_default()
        }
    };
    Response::from_parts(parts, Body::from(body))
}

fn write(json: Bytes, pretty: bool) -> Result<Bytes, Error> {
    let internal = |error: &dyn std::fmt::Display| Error::new(Code::Internal, error.to_string());
    let document = Document::parse(json, &OWN).map_err(|error| internal(&error))?;
    let write = if pretty { xml::from_json_pretty } else { xml::from_json };
    write(document.root()).map(Bytes::from).map_err(|error| {
        let text = format!("this has no form in XML, ask for JSON: {error}");
        Error::new(Code::NotAcceptable, text)
    })
}

async fn on_a_thread_if_large<F>(body: Bytes, convert: F) -> Result<Bytes, Error>
where
    F: FnOnce(Bytes) -> Result<Bytes, Error> + Send + 'static,
{
    if body.len() <= INLINE_BYTES_MAX {
        return convert(body);
    }
    let converted = tokio::task::spawn_blocking(move || convert(body)).await;
    converted.unwrap_or_else(|error| Err(Error::new(Code::Internal, error.to_string())))
}
