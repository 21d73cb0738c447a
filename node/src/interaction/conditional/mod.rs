//! Conditional interactions: <https://hl7.org/fhir/R4/http.html#ccreate>. "Exactly one" holds under any concurrency:
//! the criteria have a home partition, where a reservation is logged before the search. Whoever asks with the same criteria
//! meanwhile waits. The write gives the reservation back, and is refused where it is no longer held.

mod criteria;

pub use criteria::{Criteria, Match};

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
use std::time::Duration;

/// Attempts at what rests on a search, until nobody comes in between: `None` says that somebody did.
///
/// # Errors
/// Those of the attempts; `Conflict` after as many as are made.
pub async fn until_first<T, A>(session: Session<'_>, mut attempt: impl FnMut() -> A) -> Result<T, Error>
where
    A: Future<Output = Result<Option<T>, Error>>,
{
    let mut pause = Pause::default();
    for _ in 0..session.options().write_attempts_max {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
        pause.next().await;
    }
    Err(contended())
}

/// Before a search is made again: it sees what is applied, the actor what is on its way there.
pub struct Pause(Duration);

const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(20);

impl Default for Pause {
    fn default() -> Self {
        Pause(PAUSE_MIN)
    }
}

impl Pause {
    /// Twice as long as the one before, up to a bound.
    pub async fn next(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(PAUSE_MAX);
    }
}

/// The answer where nothing matched and nothing was to be done.
pub fn nothing(resource_type: ResourceType) -> WriteResponse {
    WriteResponse {
        outcome: Outcome::Unchanged as i32,
        resource_type: resource_type.name().to_owned(),
        ..Default::default()
    }
}

/// `None` where the version that a write rests on is not the current one any more.
///
/// # Errors
/// Any other.
pub fn unless_overtaken(answer: Result<WriteResponse, Error>) -> Result<Option<WriteResponse>, Error> {
    match answer {
        Err(error) if error.code == Code::VersionConflict => Ok(None),
        answer => answer.map(Some),
    }
}

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
        count: 0,
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
