//! Binary resources as what they hold: <https://hl7.org/fhir/R4/binary.html#rest>. A body of another type than FHIR's is
//! stored as a Binary of that type, and comes back as it was where the caller does not ask for FHIR.

use super::{
    call::Call,
    format::{Syntax, holds_any_type},
    response,
};
use axum::{body::Body, response::Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use fhir::json::{Document, Limits, Node, write_string};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use proto::{Code, Error};

const SECURITY_CONTEXT: HeaderName = HeaderName::from_static("x-security-context");
/// What is stored may be a page with scripts, which must not run as this server's.
const GUARDS: [(HeaderName, &str); 2] =
    [(header::X_CONTENT_TYPE_OPTIONS, "nosniff"), (header::CONTENT_SECURITY_POLICY, "sandbox")];
/// Of what this server has stored.
const OWN: Limits = Limits { depth_max: 512, bytes_max: usize::MAX };

/// The media type of a body that is to be stored as it is; `None`: it is a resource, or there is no type.
pub(super) fn kind_of_body(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    (holds_any_type(uri) && !is_fhir(kind)).then(|| kind.to_owned())
}

/// The Binary resource that holds a body.
pub(super) fn to_json(kind: &str, body: &[u8], uri: &Uri, headers: &HeaderMap) -> Bytes {
    let mut json = Vec::with_capacity(body.len() / 3 * 4 + 256);
    json.extend_from_slice(br#"{"resourceType":"Binary""#);
    let member = |json: &mut Vec<u8>, name: &str, text: &str| {
        json.extend_from_slice(format!(",\"{name}\":").as_bytes());
        write_string(json, text);
    };
    // An update goes to an id, which its body must have.
    if let Some(id) = uri.path().trim_matches('/').split('/').nth(2) {
        member(&mut json, "id", id);
    }
    member(&mut json, "contentType", kind);
    if let Some(context) = headers.get(SECURITY_CONTEXT).and_then(|value| value.to_str().ok()) {
        json.extend_from_slice(br#","securityContext":{"reference":"#);
        write_string(&mut json, context);
        json.push(b'}');
    }
    if !body.is_empty() {
        json.extend_from_slice(br#","data":""#);
        json.extend_from_slice(BASE64_STANDARD.encode(body).as_bytes());
        json.push(b'"');
    }
    json.push(b'}');
    json.into()
}

/// Whether a Binary is wanted as what it holds: where neither `_format` nor `Accept` names a format of FHIR's.
pub(super) fn is_wanted(call: &Call) -> bool {
    let mut ranges = call.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    call.presentation.is_empty() && !ranges.any(|ranges| ranges.split(',').any(is_fhir))
}

/// The answer to a read of a Binary as what it holds; as the resource where it holds nothing that can be sent so.
///
/// # Errors
/// `Internal` where what is stored is not base64.
pub(super) fn answer(call: &Call, answer: Response, body: &Bytes) -> Result<Response, Error> {
    if answer.status() != StatusCode::OK {
        return Ok(answer);
    }
    let document = Document::parse(body.clone(), &OWN)
        .map_err(|error| Error::new(Code::Internal, format!("a stored Binary cannot be read: {error}")))?;
    let text = |path: &[&str]| {
        let mut node = Some(document.root());
        for name in path {
            node = node.and_then(|node| node.get(name));
        }
        node.and_then(Node::as_str)
    };
    let kind = text(&["contentType"]).and_then(|kind| HeaderValue::from_str(&kind).ok());
    let (Some(kind), Some(data)) = (kind, text(&["data"])) else { return Ok(answer) };
    // White space is allowed in base64.
    let data: Vec<u8> = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let data = BASE64_STANDARD
        .decode(&data)
        .map_err(|error| Error::new(Code::Internal, format!("Binary.data is not base64: {error}")))?;
    call.context.share.take(data.len())?;
    let (mut parts, _) = answer.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, kind);
    parts.headers.remove(header::CONTENT_LENGTH);
    for (name, value) in GUARDS {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(context) = text(&["securityContext", "reference"]) {
        response::set(&mut parts.headers, SECURITY_CONTEXT, context.into_owned());
    }
    if let Some(format) = parts.extensions.get_mut::<super::format::Format>() {
        format.syntax = Syntax::Json;
    }
    Ok(Response::from_parts(parts, Body::from(data)))
}

/// Whether a media type or range is one that resources are written in.
fn is_fhir(range: &str) -> bool {
    const FHIR: [&str; 6] = [
        "application/fhir+json",
        "application/fhir+xml",
        "application/json",
        "application/xml",
        "text/json",
        "text/xml",
    ];
    let name = range.split(';').next().unwrap_or_default().trim();
    FHIR.iter().any(|fhir| name.eq_ignore_ascii_case(fhir))
}
