//! <https://hl7.org/fhir/R4/http.html#create> and #ccreate

use super::{One, attempt_one, contended, dedup};
use crate::{
    draft::{self, Parsed},
    engine::Inner,
    place,
    service::Context,
    transaction::conditional,
    writer::Plan,
};
use proto::{
    Error, Slot,
    api::v1::{CreateRequest, WriteResponse},
};

pub async fn create(node: &Inner, context: &Context, request: CreateRequest) -> Result<WriteResponse, Error> {
    let parsed = draft::parse_as(request.body, &request.resource_type, &node.options)?;
    let told: [&[u8]; 4] = [
        b"create",
        request.resource_type.as_bytes(),
        request.if_none_exist.as_bytes(),
        parsed.document.source(),
    ];
    let dedup = |slot| dedup(node, context.tenant, &request.idempotency_key, slot, &told);
    if !request.if_none_exist.is_empty() {
        // Boxed: every other create would carry its large future along.
        return Box::pin(conditional::create(node, context, &parsed, &request.if_none_exist, dedup)).await;
    }
    let otherwise = place::free_slot(context.tenant, &request.idempotency_key);
    let dedup = dedup(place::slot_for(context.tenant, &parsed, otherwise))?;
    write(node, context, &parsed, otherwise, dedup).await
}

/// Writes `parsed` under a new id.
pub(crate) async fn write(
    node: &Inner,
    context: &Context,
    parsed: &Parsed,
    otherwise: Slot,
    dedup: Option<crate::compartment::Dedup>,
) -> Result<WriteResponse, Error> {
    let draft = parsed.draft(node, context.tenant)?;
    let slot = place::slot_for(context.tenant, parsed, otherwise);
    for _ in 0..node.options.write_attempts_max {
        let id = place::assign(node, slot);
        let step = place::create_step(context.tenant, parsed, id, draft.clone());
        let (dedup, share) = (dedup.clone(), context.share.clone());
        let plan = Plan { tenant: context.tenant, steps: vec![step], dedup, share, holds: vec![] };
        if let One::Answer(answer) = attempt_one(node, plan).await? {
            return Ok(answer);
        }
    }
    Err(contended())
}
