//! <https://hl7.org/fhir/R4/http.html#ccreate>

use crate::{
    compartment::Dedup,
    draft::Parsed,
    error::contended,
    interaction::conditional::{Criteria, found},
    session::{Reservation, Session, place},
    writer::Attempt,
};
use proto::{Error, ResourceKey, Slot, api::v1::WriteResponse};

/// A single conditional create. `dedup` gives its idempotency key a home.
pub async fn create(
    session: Session<'_>,
    parsed: &Parsed,
    criteria: &str,
    dedup: impl FnOnce(Slot) -> Result<Option<Dedup>, Error>,
) -> Result<WriteResponse, Error> {
    let criteria = Criteria::read(session, parsed.resource_type, criteria).await?;
    let dedup = dedup(place::slot_for(session.tenant(), parsed, criteria.slot()))?;
    for _ in 0..session.options().write_attempts_max {
        let reservation = criteria.reserve(session).await?;
        let created = create_once(session, parsed, &criteria, &reservation, dedup.as_ref()).await;
        if !matches!(created, Ok(Created::Now(_))) {
            reservation.release(session).await;
        }
        match created? {
            Created::Now(answer) | Created::Before(answer) => return Ok(answer),
            Created::Not(key) => {
                let answer = found(session, parsed.resource_type, &key).await?;
                return session.kept(dedup.as_ref(), answer).await;
            }
            Created::Stale => {}
        }
    }
    Err(contended())
}

/// What came of a conditional create.
enum Created {
    /// Written, and the reservation given back with it.
    Now(WriteResponse),
    /// Written under the same idempotency key.
    Before(WriteResponse),
    /// There is a match.
    Not(ResourceKey),
    /// Others came first, or the reservation was lost: decide anew.
    Stale,
}

async fn create_once(
    session: Session<'_>,
    parsed: &Parsed,
    criteria: &Criteria,
    reservation: &Reservation,
    dedup: Option<&Dedup>,
) -> Result<Created, Error> {
    let tenant = criteria.tenant();
    // Before the search, which now may find what was created then.
    if let Some(answer) = session.answered_before(dedup).await? {
        return Ok(Created::Before(answer));
    }
    if let Some(key) = criteria.only_match(session).await? {
        return Ok(Created::Not(key));
    }
    // A free-standing resource is created at the criteria's own slot, where the reservation is.
    let slot = place::slot_for(tenant, parsed, criteria.slot());
    let draft = session.draft(parsed)?;
    let step = place::create_step(tenant, parsed, session.assign(slot), draft);
    let plan = session.plan(vec![step], dedup.cloned(), vec![reservation.hold()]);
    match session.attempt(plan).await? {
        Attempt::Done(answers) => Ok(answers.into_iter().next().map_or(Created::Stale, Created::Now)),
        // Found above at the next try, with its body.
        Attempt::Repeated(_) => Ok(Created::Stale),
        Attempt::Stale | Attempt::Lost | Attempt::Moves(_) => Ok(Created::Stale),
    }
}
