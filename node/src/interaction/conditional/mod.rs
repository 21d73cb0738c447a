//! Conditional interactions: <https://hl7.org/fhir/R4/http.html#ccreate>. "Exactly one" holds under any concurrency:
//! the criteria have a home partition, where a reservation is logged before the search. Whoever asks with the same criteria
//! meanwhile waits. The write gives the reservation back, and is refused where it is no longer held.

mod criteria;

pub use criteria::Criteria;

use crate::{
    draft,
    error::contended,
    session::{Current, Session},
};
use fhir::definitions::ResourceType;
use proto::{
    Code, Error, ResourceKey,
    api::v1::{Outcome, WriteResponse},
};

/// The answer of a conditional create that found its match: nothing was written.
pub async fn found(
    session: Session<'_>,
    resource_type: ResourceType,
    key: &ResourceKey,
) -> Result<WriteResponse, Error> {
    // It may have moved since the search.
    let row = session.look(resource_type, key.id, &Current).await?;
    let row = row.ok_or_else(contended)?;
    Ok(WriteResponse {
        outcome: Outcome::Unchanged as i32,
        resource_type: resource_type.name().to_owned(),
        id: key.id.as_str().to_owned(),
        version_id: row.version.to_string(),
        last_updated_ms: row.last_updated_ms,
        body: row.body,
    })
}

/// What a conditional reference such as `Organization?identifier=system|value` names; exactly one must match.
pub async fn resolve_reference(session: Session<'_>, reference: &str) -> Result<String, Error> {
    let unresolved = |why: &str| {
        Error::new(Code::PreconditionFailed, format!("the conditional reference '{reference}' {why}"))
    };
    let bare = || unresolved("has no criteria").as_issue("value");
    let (name, criteria) = reference.split_once('?').ok_or_else(bare)?;
    let resource_type = draft::known_type(name)?;
    let criteria = Criteria::read(session, resource_type, criteria).await?;
    let (tenant, code) = (session.tenant(), resource_type.code());
    let known = session.references();
    if let Some(id) = known.and_then(|known| known.get(tenant, code, criteria.key())) {
        return Ok(format!("{name}/{id}"));
    }
    let generation = known.map(|known| known.generation(code));
    let key = criteria.only_match(session).await?;
    let none = || unresolved("matches no resource; create it first").as_issue("not-found");
    let id = key.ok_or_else(none)?.id;
    if let (Some(known), Some(generation)) = (session.references(), generation) {
        known.put(tenant, criteria.key(), id, generation);
    }
    Ok(format!("{name}/{id}"))
}
