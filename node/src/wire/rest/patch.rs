//! <https://hl7.org/fhir/R4/http.html#patch>, of an instance or of the one that matches the parameters

use super::{
    call::{Call, Shared},
    outcome::Failure,
    payload::{self, Payload},
    response::{Reply, written},
    update::if_match,
};
use crate::{
    query::{kind_by_content, patch_kind},
    service::FhirService,
};
use axum::{
    body::Body,
    extract::{FromRequest, Path, State},
};
use http::{Request, header};
use proto::{
    Error,
    api::v1::{PatchKind, PatchRequest},
};

pub(super) async fn instance<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path((resource_type, id)): Path<(String, String)>,
    call: Call,
    patch: PatchPayload,
) -> Reply {
    let request = request(&call, &patch, resource_type, id, String::new())?;
    Ok(written(&call, shared.service.patch(&call.context, request).await?))
}

/// <https://hl7.org/fhir/R4/http.html#patch>: the search parameters of the URL are the criteria.
pub(super) async fn conditional<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path(resource_type): Path<String>,
    call: Call,
    patch: PatchPayload,
) -> Reply {
    let criteria = call.criteria("PATCH", &resource_type)?;
    let request = request(&call, &patch, resource_type, String::new(), criteria)?;
    Ok(written(&call, shared.service.patch(&call.context, request).await?))
}

fn request(
    call: &Call,
    patch: &PatchPayload,
    resource_type: String,
    id: String,
    criteria: String,
) -> Result<PatchRequest, Error> {
    Ok(PatchRequest {
        resource_type,
        id,
        criteria,
        kind: patch.kind as i32,
        body: patch.payload.bytes.clone(),
        if_match: if_match(call)?,
        idempotency_key: call.idempotency_key()?,
    })
}

/// The body of a PATCH and its language.
pub(super) struct PatchPayload {
    kind: PatchKind,
    payload: Payload,
}

impl<S: Send + Sync> FromRequest<Shared<S>> for PatchPayload {
    type Rejection = Failure;

    async fn from_request(request: Request<Body>, shared: &Shared<S>) -> Result<PatchPayload, Failure> {
        let media_type = request.headers().get(header::CONTENT_TYPE).map(|value| value.as_bytes());
        let media_type = String::from_utf8_lossy(media_type.unwrap_or_default()).into_owned();
        let payload = match patch_kind(&media_type)? {
            // A resource, in whatever format resources come.
            PatchKind::Fhirpath => Payload::from_request(request, shared).await?,
            _ => payload::read(request, &shared.settings).await?,
        };
        let kind = kind_by_content(&media_type, &payload.bytes)?;
        Ok(PatchPayload { kind, payload })
    }
}
