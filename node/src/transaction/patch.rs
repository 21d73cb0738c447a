//! Patches in bundles: <https://hl7.org/fhir/R4/http.html#patch>. The entry's resource is a Parameters resource (FHIRPath
//! Patch), or a Binary that holds a patch of the media type it names.

use super::request::{Request, named};
use crate::{draft, query::kind_by_content};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use fhir::{
    bundle::Target,
    definitions::ResourceType,
    json::{self, Document, Node},
    resource::Envelope,
};
use proto::{
    Code, Error,
    api::v1::{PatchKind, PatchRequest},
};

/// The request of an entry on its own.
pub fn request(target: Target, request: Request, limits: &json::Limits) -> Result<PatchRequest, Error> {
    let (resource_type, id, criteria) = named(target, request.method, &request.url)?;
    if request.body.is_empty() {
        return Err(Error::new(
            Code::Invalid,
            "PATCH needs a resource: a Parameters, or a Binary with the patch",
        ));
    }
    let document = Document::parse(request.body.clone(), limits).map_err(draft::malformed)?;
    let (kind, held) = of_resource(document.root())?;
    let body = held.unwrap_or(request.body);
    Ok(PatchRequest {
        resource_type,
        id,
        criteria,
        kind: kind as i32,
        body,
        if_match: request.if_match,
        idempotency_key: request.idempotency_key,
    })
}

/// The kind of patch the entry's resource is, or holds: then these are its bytes.
pub fn of_resource(resource: Node<'_>) -> Result<(PatchKind, Option<Bytes>), Error> {
    let envelope = Envelope::read(resource).map_err(|error| draft::invalid(&error))?;
    match envelope.resource_type.name() {
        "Parameters" => Ok((PatchKind::Fhirpath, None)),
        _ if envelope.resource_type == ResourceType::BINARY => {
            of_binary(resource).map(|(kind, body)| (kind, Some(body)))
        }
        other => Err(Error::new(
            Code::Invalid,
            format!("a {other} is no patch; send a Parameters (FHIRPath Patch), or a Binary with the patch"),
        )),
    }
}

fn of_binary(binary: Node<'_>) -> Result<(PatchKind, Bytes), Error> {
    let text = |name: &str| binary.get(name).and_then(Node::as_str).unwrap_or_default();
    let decoded = BASE64_STANDARD.decode(text("data").as_bytes());
    let bytes =
        decoded.map_err(|error| Error::new(Code::Invalid, format!("Binary.data is not base64: {error}")))?;
    let kind = kind_by_content(&text("contentType"), &bytes)?;
    Ok((kind, bytes.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::bundle::Method;

    fn read(resource: &str) -> Result<(PatchKind, Bytes), Code> {
        let target = Target::Instance { resource_type: "Patient".to_owned(), id: "p".to_owned() };
        let asked = Request {
            method: Method::Patch,
            url: "Patient/p".to_owned(),
            if_match: String::new(),
            if_none_match: String::new(),
            if_none_exist: String::new(),
            body: resource.to_owned().into(),
            idempotency_key: String::new(),
        };
        let patch = request(target, asked, &json::Limits::default()).map_err(|error| error.code)?;
        Ok((patch.kind(), patch.body))
    }

    #[test]
    fn binaries_and_parameters_are_patches() {
        let binary = r#"{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W10="}"#;
        assert_eq!(read(binary), Ok((PatchKind::Json, Bytes::from_static(b"[]"))));
        let plain = r#"{"resourceType":"Binary","contentType":"application/json","data":"W10="}"#;
        assert_eq!(read(plain), Ok((PatchKind::Json, Bytes::from_static(b"[]"))));
        let parameters = r#"{"resourceType":"Parameters"}"#;
        assert_eq!(read(parameters), Ok((PatchKind::Fhirpath, parameters.into())));
    }

    #[test]
    fn what_is_no_patch_is_refused() {
        let xml = r#"{"resourceType":"Binary","contentType":"application/xml-patch+xml","data":"W10="}"#;
        let no_base64 = r#"{"resourceType":"Binary","contentType":"application/json-patch+json","data":"["}"#;
        assert_eq!(read(xml), Err(Code::UnsupportedMedia));
        assert_eq!(read(no_base64), Err(Code::Invalid));
        assert_eq!(read(r#"{"resourceType":"Patient"}"#), Err(Code::Invalid));
        assert_eq!(read(""), Err(Code::Invalid));
        assert_eq!(read("{"), Err(Code::Malformed));
    }
}
