//! What a patch makes of the version it meets.

use crate::{
    compartment::{Change, Next},
    draft::{self, Parsed},
    session::{Owned, Session},
};
use bytes::Bytes;
use fhir::{
    definitions::ResourceType,
    json::{self, Document},
    patch::{self, Class, Kind},
};
use proto::{Code, Error, ResourceKey, api::v1::PatchKind};
use std::{fmt, sync::Arc};

/// A patch that was read and waits for the resource it is for.
pub struct Patch {
    /// Of the caller whose patch it is.
    caller: Owned,
    resource_type: ResourceType,
    patch: patch::Patch,
    /// What was sent.
    source: (PatchKind, Bytes),
}

impl Patch {
    /// Reads the patch and checks all that can be checked without the resource.
    pub fn read(
        session: Session<'_>,
        resource_type: ResourceType,
        kind: PatchKind,
        body: Bytes,
    ) -> Result<Arc<Patch>, Error> {
        let source = (kind, body.clone());
        let kind = match kind {
            PatchKind::Json => Kind::Json,
            PatchKind::Merge => Kind::Merge,
            PatchKind::Fhirpath => Kind::FhirPath,
            PatchKind::Unspecified => {
                return Err(Error::new(Code::BadRequest, "the kind of patch is not given"));
            }
        };
        let patch =
            patch::Patch::read(kind, body, &session.options().patch).map_err(|error| refused(&error))?;
        Ok(Arc::new(Patch { caller: session.owned(), resource_type, patch, source }))
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
            self.caller.session().parse(patched.into())
        };
        draft::aside(current.len(), apply)
    }
}

impl Change for Patch {
    fn next(&self, key: &ResourceKey, current: &Bytes) -> Result<Next, Error> {
        let parsed = self.apply(current)?;
        let session = self.caller.session();
        let compartment = parsed.compartment(session.tenant(), key.id);
        if compartment != key.compartment {
            return Ok(Next::Elsewhere(compartment));
        }
        session.draft(&parsed).map(Next::Draft)
    }

    fn source(&self) -> (PatchKind, Bytes) {
        self.source.clone()
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
