//! <https://hl7.org/fhir/R4/http.html#capabilities>

use super::{
    call::{Call, Shared},
    etag,
    response::{Reply, json, set},
};
use crate::service::FhirService;
use axum::extract::State;
use bytes::Bytes;
use http::{StatusCode, header};
use proto::{Code, Error, api::v1::CapabilitiesRequest};
use std::hash::Hasher;

pub(super) async fn metadata<S: FhirService>(State(shared): State<Shared<S>>, call: Call) -> Reply {
    // https://hl7.org/fhir/R4/http.html#capabilities: of the modes only `terminology` is another resource.
    if call.parameter("mode") == "terminology" {
        let text = "TerminologyCapabilities are not offered; mode is full or normative";
        return Err(Error::new(Code::NotSupported, text).into());
    }
    let request =
        CapabilitiesRequest { summary: call.parameter("_summary"), elements: call.parameter("_elements") };
    let statement = shared.service.capabilities(&call.context, request).await?.body;
    let tag = tag(&statement);
    let known = call.headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let mut response = match known.is_some_and(|tags| etag::any_matches(tags, &tag)) {
        true => json(&call, StatusCode::NOT_MODIFIED, Bytes::new()),
        false => json(&call, StatusCode::OK, statement),
    };
    set(response.headers_mut(), header::ETAG, etag::weak(&tag));
    Ok(response)
}

/// The statement has no version; a hash of its bytes stands for one, the same in every process of this build.
fn tag(statement: &[u8]) -> String {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(statement);
    format!("{:016x}", hasher.finish())
}
