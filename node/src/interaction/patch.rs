//! <https://hl7.org/fhir/R4/http.html#patch>
//!
//! The actor of the resource's compartment applies the patch to the current version, so patches of one resource come one after
//! the other and none is lost. What comes out is written as an update, or not at all where it says nothing new.

use super::{attempt_one, contended, dedup, update};
use crate::{
    compartment::{Change, Dedup, Draft, Intent},
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
    Code, Error, ResourceId, ResourceKey, TenantId,
    api::v1::{PatchKind, PatchRequest, WriteResponse},
};
use std::{fmt, sync::Arc};

pub async fn patch(node: &Inner, context: &Context, request: PatchRequest) -> Result<WriteResponse, Error> {
    let kind = request.kind();
    let resource_type = draft::known_type(&request.resource_type)?;
    let patch = Patch::read(node, context.tenant, resource_type, kind, request.body)?;
    let dedup = dedup(node, "patch", &request.idempotency_key)?;
    let (if_match, _) = update::preconditions(&request.if_match, "")?;
    match (request.id.as_str(), request.criteria.as_str()) {
        (id, "") => one(node, context, &patch, draft::resource_id(id)?, if_match, dedup).await,
        ("", criteria) => conditional::patch(node, context, &patch, criteria, if_match, dedup).await,
        _ => Err(Error::new(Code::BadRequest, "a patch names either an id or criteria, not both")),
    }
}

/// Patches the resource with that id.
pub(crate) async fn one(
    node: &Inner,
    context: &Context,
    patch: &Arc<Patch>,
    id: ResourceId,
    if_match: Option<u64>,
    dedup: Option<Dedup>,
) -> Result<WriteResponse, Error> {
    for _ in 0..node.options.write_attempts_max {
        let step = step(node, patch, id, if_match).await?;
        let (dedup, share) = (dedup.clone(), context.share.clone());
        let plan = Plan { tenant: context.tenant, steps: vec![step], dedup, share };
        match attempt_one(node, plan).await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => {}
            // Another writer gave the resource to another patient meanwhile: what comes out belongs elsewhere, or it is
            // no longer where it was looked for.
            Err(error) if error.code == Code::Conflict => {}
            Err(error) if error.code == Code::NotFound && exists(node, patch, id).await? => {}
            Err(error) => return Err(error),
        }
    }
    Err(contended())
}

async fn exists(node: &Inner, patch: &Patch, id: ResourceId) -> Result<bool, Error> {
    let key = place::find(node, patch.tenant, patch.resource_type, id).await?.key();
    let group = place::group_for(node, patch.tenant, &key).await?;
    Ok(group.partition().get(patch.tenant, &key).map_err(crate::error::storage)?.is_some())
}

/// The patch of one resource as a part of a plan.
pub(crate) async fn step(
    node: &Inner,
    patch: &Arc<Patch>,
    id: ResourceId,
    if_match: Option<u64>,
) -> Result<Step, Error> {
    let intent = Intent::Change { change: patch.clone(), if_match };
    // A patch that fails here fails again in the actor, on what is current then; that is the answer.
    let after = |body: &Bytes| patch.apply(body).ok().map(|parsed| parsed.compartment(patch.tenant, id));
    place::change_step(node, patch.tenant, patch.resource_type, id, intent, after).await
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
    fn draft(&self, key: &ResourceKey, current: &Bytes) -> Result<Draft, Error> {
        let parsed = self.apply(current)?;
        if parsed.compartment(self.tenant, key.id) != key.compartment {
            return Err(contended());
        }
        parsed.draft(&self.node, self.tenant)
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
