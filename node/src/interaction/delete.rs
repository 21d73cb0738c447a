//! <https://hl7.org/fhir/R4/http.html#delete>

use super::{One, attempt_one, contended, dedup, preconditions};
use crate::{draft, engine::Inner, place, service::Context, writer::Plan};
use proto::{
    Error,
    api::v1::{DeleteRequest, WriteResponse},
};

pub async fn delete(node: &Inner, context: &Context, request: DeleteRequest) -> Result<WriteResponse, Error> {
    let resource_type = draft::known_type(&request.resource_type)?;
    let id = draft::resource_id(&request.id)?;
    let told: [&[u8]; 4] =
        [b"delete", request.resource_type.as_bytes(), request.id.as_bytes(), request.if_match.as_bytes()];
    let home = place::home(context.tenant, resource_type, id);
    let dedup = dedup(node, context.tenant, &request.idempotency_key, home, &told)?;
    let if_match = preconditions::if_match(&request.if_match)?;
    for _ in 0..node.options.write_attempts_max {
        let step = place::delete_step(node, context.tenant, resource_type, id, if_match.clone()).await?;
        let (dedup, share) = (dedup.clone(), context.share.clone());
        let plan = Plan { tenant: context.tenant, steps: vec![step], dedup, share, holds: vec![] };
        if let One::Answer(answer) = attempt_one(node, plan).await? {
            return Ok(answer);
        }
    }
    Err(contended())
}
