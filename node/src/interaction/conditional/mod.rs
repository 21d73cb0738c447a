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
    Code, Error, ResourceId, ResourceKey,
    api::v1::{Outcome, WriteResponse},
};
use std::{collections::BTreeSet, time::Duration};

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

/// A conditional reference such as `Organization?identifier=system|value`, and what it names before the request that has it.
pub struct Named {
    reference: String,
    criteria: Criteria,
    found: Option<ResourceId>,
}

impl Named {
    /// Looks for it.
    ///
    /// # Errors
    /// As [`Criteria::read`]; `MultipleMatches` where it names several.
    pub async fn find(session: Session<'_>, reference: &str) -> Result<Named, Error> {
        let bare = || unresolved(reference, "has no criteria").as_issue("value");
        let (name, criteria) = reference.split_once('?').ok_or_else(bare)?;
        let resource_type = draft::known_type(name)?;
        let criteria = Criteria::read(session, resource_type, criteria).await?;
        let (tenant, code) = (session.tenant(), resource_type.code());
        let known = session.references();
        let reference = reference.to_owned();
        if let Some(id) = known.and_then(|known| known.get(tenant, code, criteria.key())) {
            return Ok(Named { reference, criteria, found: Some(id) });
        }
        let generation = known.map(|known| known.generation(code));
        let found = criteria.only_match(session).await?.map(|key| key.id);
        if let (Some(known), Some(generation), Some(id)) = (session.references(), generation, found) {
            known.put(tenant, criteria.key(), id, generation);
        }
        Ok(Named { reference, criteria, found })
    }

    /// The type of what it names.
    pub fn resource_type(&self) -> ResourceType {
        self.criteria.resource_type()
    }

    /// Whether a resource of these index values, about to be stored under that id, is one that it names.
    pub fn fits(&self, session: Session<'_>, id: &ResourceId, values: &[u8]) -> bool {
        self.criteria.fit(session, id, values)
    }

    /// What each of those has among its [`search::traces`]; `None`: nothing is sure.
    pub fn trace(&self) -> Option<u64> {
        self.criteria.trace()
    }

    /// What it names with the request done: of what was there what `stays`, and what is `new`; exactly one.
    ///
    /// # Errors
    /// `PreconditionFailed` where it is none, `MultipleMatches` where they are several.
    pub fn settle(
        &self,
        stays: impl Fn(&ResourceId) -> bool,
        new: BTreeSet<ResourceId>,
    ) -> Result<ResourceId, Error> {
        let all: BTreeSet<ResourceId> = self.found.into_iter().filter(stays).chain(new).collect();
        match (all.first(), all.len()) {
            (Some(one), 1) => Ok(*one),
            (None, _) => Err(unresolved(
                &self.reference,
                "matches no resource, nor one that the bundle writes; create it first",
            )
            .as_issue("not-found")),
            (Some(_), many) => Err(Error::new(
                Code::MultipleMatches,
                format!(
                    "the conditional reference '{}' matches {many} resources once the bundle is stored; make it name exactly one",
                    self.reference
                ),
            )),
        }
    }
}

fn unresolved(reference: &str, why: &str) -> Error {
    Error::new(Code::PreconditionFailed, format!("the conditional reference '{reference}' {why}"))
}
