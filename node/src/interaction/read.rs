//! <https://hl7.org/fhir/R4/http.html#read> and #vread: straight from the tables, not through the actor.

use super::part;
use crate::{
    draft,
    session::{Current, Numbered, Session},
};
use fhir::projection::Projection;
use proto::{
    Code, Error,
    api::v1::{ReadRequest, ReadResponse, VReadRequest},
};
use storage::Version;

pub async fn read(session: Session<'_>, request: ReadRequest) -> Result<ReadResponse, Error> {
    let part = part::of(&request.summary, &request.elements)?;
    let found = current(session, &request.resource_type, &request.id).await?;
    match found {
        Some(version) if version.is_deleted() => Err(gone(&request.resource_type, &version)),
        Some(version) => answer(request.resource_type, version, &part),
        None => Err(not_found(&request.resource_type, &request.id)),
    }
}

pub async fn vread(session: Session<'_>, request: VReadRequest) -> Result<ReadResponse, Error> {
    let part = part::of(&request.summary, &request.elements)?;
    let VReadRequest { resource_type, id, version_id, .. } = request;
    let unknown = || {
        Error::new(
            Code::NotFound,
            format!("{resource_type}/{id} has no version '{version_id}'; see its _history"),
        )
    };
    let number = draft::version_id(&version_id).ok_or_else(unknown)?;
    match version(session, &resource_type, &id, number).await? {
        Some(version) if version.is_deleted() => Err(gone(&resource_type, &version)),
        Some(version) => answer(resource_type, version, &part),
        None => Err(unknown()),
    }
}

/// The current version, deleted ones included.
pub(super) async fn current(
    session: Session<'_>,
    resource_type: &str,
    id: &str,
) -> Result<Option<Version>, Error> {
    let resource_type = draft::known_type(resource_type)?;
    session.look(resource_type, draft::resource_id(id)?, &Current).await
}

/// One version.
async fn version(
    session: Session<'_>,
    resource_type: &str,
    id: &str,
    number: u64,
) -> Result<Option<Version>, Error> {
    let resource_type = draft::known_type(resource_type)?;
    session.look(resource_type, draft::resource_id(id)?, &Numbered(number)).await
}

fn answer(resource_type: String, version: Version, part: &Projection) -> Result<ReadResponse, Error> {
    Ok(ReadResponse {
        resource_type,
        id: version.key.id.as_str().to_owned(),
        version_id: version.version.to_string(),
        last_updated_ms: version.last_updated_ms,
        body: part::take(part, version.body)?,
    })
}

fn gone(resource_type: &str, version: &Version) -> Error {
    let (id, number) = (version.key.id, version.version);
    Error::new(
        Code::Gone,
        format!("{resource_type}/{id} was deleted by version {number}; earlier versions are in its _history"),
    )
}

fn not_found(resource_type: &str, id: &str) -> Error {
    Error::new(Code::NotFound, format!("there is no {resource_type}/{id}"))
}
