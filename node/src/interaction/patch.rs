//! <https://hl7.org/fhir/R4/http.html#patch>
//!
//! The actor of the resource's compartment applies the patch to the current version, so patches of one resource come one after
//! the other and none is lost. What comes out is written as an update, or not at all where it says nothing new.

use super::{One, attempt_one, contended, dedup, preconditions};
use crate::{
    compartment::{Change, Dedup, IfMatch, Intent, Next},
    draft::{self, Parsed},
    engine::Inner,
    place,
    service::Context,
    transaction::conditional,
    writer::{Plan, Step},
};
use bytes::Bytes;
use fhir::{
    definitions::ResourceType,
    json::{self, Document},
    patch::{self, Class, Kind},
};
use proto::{
    Code, CompartmentKey, Error, ResourceId, ResourceKey, TenantId,
    api::v1::{PatchKind, PatchRequest, WriteResponse},
};
use std::{fmt, sync::Arc};

pub async fn patch(node: &Inner, context: &Context, request: PatchRequest) -> Result<WriteResponse, Error> {
    let kind = request.kind();
    let resource_type = draft::known_type(&request.resource_type)?;
    let told: [&[u8]; 7] = [
        b"patch",
        kind.as_str_name().as_bytes(),
        request.resource_type.as_bytes(),
        request.id.as_bytes(),
        request.criteria.as_bytes(),
        request.if_match.as_bytes(),
        &request.body,
    ];
    let dedup = |slot| dedup(node, context.tenant, &request.idempotency_key, slot, &told);
    let patch = Patch::read(node, context.tenant, resource_type, kind, request.body.clone())?;
    let if_match = preconditions::if_match(&request.if_match)?;
    match (request.id.as_str(), request.criteria.as_str()) {
        (id, "") => {
            let id = draft::resource_id(id)?;
            let dedup = dedup(place::home(context.tenant, resource_type, id))?;
            one(node, context, &patch, id, &if_match, dedup).await
        }
        // Boxed: every other patch would carry its large future along.
        ("", criteria) => {
            Box::pin(conditional::patch(node, context, &patch, criteria, &if_match, dedup)).await
        }
        _ => Err(Error::new(Code::BadRequest, "a patch names either an id or criteria, not both")),
    }
}

/// Patches the resource with that id.
pub(crate) async fn one(
    node: &Inner,
    context: &Context,
    patch: &Arc<Patch>,
    id: ResourceId,
    if_match: &IfMatch,
    dedup: Option<Dedup>,
) -> Result<WriteResponse, Error> {
    let mut wanted = None;
    for _ in 0..node.options.write_attempts_max {
        let step = step(node, patch, id, if_match, wanted.take()).await?;
        let (dedup, share) = (dedup.clone(), context.share.clone());
        let plan = Plan { tenant: context.tenant, steps: vec![step], dedup, share, holds: vec![] };
        match attempt_one(node, plan).await? {
            One::Answer(answer) => return Ok(answer),
            One::Stale => {}
            One::Moves(to) => wanted = Some(to),
        }
    }
    Err(contended())
}

/// The patch of one resource as a part of a plan. `wanted`: see [`place::change_step`].
pub(crate) async fn step(
    node: &Inner,
    patch: &Arc<Patch>,
    id: ResourceId,
    if_match: &IfMatch,
    wanted: Option<CompartmentKey>,
) -> Result<Step, Error> {
    let intent = Intent::Change { change: patch.clone(), if_match: if_match.clone() };
    place::change_step(node, patch.tenant, patch.resource_type, id, intent, wanted).await
}

/// A patch that was read and waits for the resource it is for.
pub struct Patch {
    node: Arc<Inner>,
    tenant: TenantId,
    resource_type: ResourceType,
    patch: patch::Patch,
}

impl Patch {
    /// Reads the patch and checks all that can be checked without the resource.
    pub fn read(
        node: &Inner,
        tenant: TenantId,
        resource_type: ResourceType,
        kind: PatchKind,
        body: Bytes,
    ) -> Result<Arc<Patch>, Error> {
        let kind = match kind {
            PatchKind::Json => Kind::Json,
            PatchKind::Merge => Kind::Merge,
            PatchKind::Fhirpath => Kind::FhirPath,
            PatchKind::Unspecified => {
                return Err(Error::new(Code::BadRequest, "the kind of patch is not given"));
            }
        };
        let patch = patch::Patch::read(kind, body, &node.options.patch).map_err(|error| refused(&error))?;
        Ok(Arc::new(Patch { node: node.handle(), tenant, resource_type, patch }))
    }

    /// The type of the resources it is for.
    pub fn resource_type(&self) -> ResourceType {
        self.resource_type
    }

    /// What the patch makes of a stored body, as any body is read.
    fn apply(&self, current: &Bytes) -> Result<Parsed, Error> {
        let apply = || {
            let unbounded = json::Limits { depth_max: usize::MAX, bytes_max: usize::MAX };
            let document = Document::parse(current.clone(), &unbounded).map_err(|error| {
                Error::new(Code::Internal, format!("the stored resource cannot be read: {error}"))
            })?;
            let patched = self.patch.apply(&document).map_err(|error| refused(&error))?;
            draft::parse(patched.into(), &self.node.options)
        };
        draft::aside(current.len(), apply)
    }
}

impl Change for Patch {
    fn next(&self, key: &ResourceKey, current: &Bytes) -> Result<Next, Error> {
        let parsed = self.apply(current)?;
        let compartment = parsed.compartment(self.tenant, key.id);
        if compartment != key.compartment {
            return Ok(Next::Elsewhere(compartment));
        }
        parsed.draft(&self.node, self.tenant).map(Next::Draft)
    }
}

impl fmt::Debug for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patch")
            .field("resource_type", &self.resource_type)
            .field("patch", &self.patch)
            .finish()
    }
}

fn refused(error: &patch::Error) -> Error {
    let code = match error.class() {
        Class::Malformed => Code::Malformed,
        Class::Unprocessable => Code::Invalid,
        Class::TooLarge => Code::TooLarge,
    };
    Error::new(code, error.to_string())
}
