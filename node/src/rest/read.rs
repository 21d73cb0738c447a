//! <https://hl7.org/fhir/R4/http.html#read> and #vread

use super::{
    call::{Call, Shared},
    response::{self, Reply},
};
use crate::service::FhirService;
use axum::extract::{Path, State};
use proto::api::v1::{ReadRequest, VReadRequest};

pub(super) async fn read<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path((resource_type, id)): Path<(String, String)>,
    call: Call,
) -> Reply {
    let found = shared.service.read(&call.context, ReadRequest { resource_type, id }).await?;
    Ok(response::read(&call, found))
}

pub(super) async fn vread<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path((resource_type, id, version_id)): Path<(String, String, String)>,
    call: Call,
) -> Reply {
    let request = VReadRequest { resource_type, id, version_id };
    Ok(response::read(&call, shared.service.vread(&call.context, request).await?))
}
