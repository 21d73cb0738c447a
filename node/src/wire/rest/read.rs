//! <https://hl7.org/fhir/R4/http.html#read> and #vread

use super::{
    call::{Call, Shared},
    raw,
    response::{self, Reply},
};
use crate::service::FhirService;
use axum::extract::{Path, State};
use proto::api::v1::{ReadRequest, ReadResponse, VReadRequest};

pub(super) async fn read<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path((resource_type, id)): Path<(String, String)>,
    call: Call,
) -> Reply {
    let (summary, elements) = (call.parameter("_summary"), call.parameter("_elements"));
    let request = ReadRequest { resource_type, id, summary, elements };
    let found = shared.service.read(&call.context, request).await?;
    answer(&call, found)
}

pub(super) async fn vread<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path((resource_type, id, version_id)): Path<(String, String, String)>,
    call: Call,
) -> Reply {
    let (summary, elements) = (call.parameter("_summary"), call.parameter("_elements"));
    let request = VReadRequest { resource_type, id, version_id, summary, elements };
    answer(&call, shared.service.vread(&call.context, request).await?)
}

fn answer(call: &Call, found: ReadResponse) -> Reply {
    let is_raw = found.resource_type == "Binary" && raw::is_wanted(call);
    let body = found.body.clone();
    let answer = response::read(call, found);
    Ok(if is_raw { raw::answer(call, answer, &body)? } else { answer })
}
