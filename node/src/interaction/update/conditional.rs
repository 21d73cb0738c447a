//! <https://hl7.org/fhir/R4/http.html#cond-update>: the one resource that matches criteria is written, or a new one.

use super::Content;
use crate::{
    compartment::{Dedup, IfMatch, Intent},
    draft::{self, Parsed},
    interaction::conditional::{Criteria, Match, unless_overtaken, until_first},
    session::{Reservation, Session, place},
    writer::Attempt,
};
use proto::{
    Code, Error, ResourceId,
    api::v1::{UpdateRequest, WriteResponse},
};

/// The version that matched is the one that is replaced, as of a conditional patch. Where none matches, criteria are reserved and the search
/// made again, as of a conditional create: whoever asks with the same criteria at the same time finds what was made.
pub async fn update(session: Session<'_>, request: UpdateRequest) -> Result<WriteResponse, Error> {
    if !request.id.is_empty() {
        return Err(Error::new(Code::BadRequest, "an update names either an id or criteria, not both"));
    }
    let parsed = session.parse_as(request.body, &request.resource_type)?;
    let criteria = Criteria::read(session, parsed.resource_type, &request.criteria).await?;
    let told: [&[u8]; 6] = [
        b"conditional update",
        request.resource_type.as_bytes(),
        request.criteria.as_bytes(),
        request.if_match.as_bytes(),
        request.if_none_match.as_bytes(),
        parsed.document.source(),
    ];
    let home = place::slot_for(session.tenant(), &parsed, criteria.slot());
    let dedup = session.dedup(&request.idempotency_key, home, &told)?;
    let content = Content::read(session, parsed, &request.if_match, &request.if_none_match)?;
    until_first(session, || attempt(session, &content, &criteria, dedup.as_ref())).await
}

/// `None`: another writer came in between.
async fn attempt(
    session: Session<'_>,
    content: &Content,
    criteria: &Criteria,
    dedup: Option<&Dedup>,
) -> Result<Option<WriteResponse>, Error> {
    {
        let _turn = criteria.turn(session).await?;
        // Before the search, which now may find what was written then.
        if let Some(answer) = session.answered_before(dedup).await? {
            return Ok(Some(answer));
        }
        if let Some(found) = criteria.matched(session, &content.if_match).await? {
            return replace(session, content, found, dedup).await;
        }
    }
    let reservation = criteria.reserve(session).await?;
    let created = create(session, content, criteria, &reservation, dedup).await;
    if !matches!(created, Ok(Some(_))) {
        reservation.release(session).await;
    }
    created
}

async fn replace(
    session: Session<'_>,
    content: &Content,
    found: Match,
    dedup: Option<&Dedup>,
) -> Result<Option<WriteResponse>, Error> {
    check_id(&content.parsed, &found)?;
    unless_overtaken(super::one(session, content, found.id, &found.version, dedup).await)
}

/// `None`: there is a match by now, or the reservation was lost.
async fn create(
    session: Session<'_>,
    content: &Content,
    criteria: &Criteria,
    reservation: &Reservation,
    dedup: Option<&Dedup>,
) -> Result<Option<WriteResponse>, Error> {
    if criteria.only_match(session).await?.is_some() {
        return Ok(None);
    }
    let (parsed, draft) = (&content.parsed, content.draft.clone());
    let step = match parsed.id {
        Some(id) => session.update_step(parsed, id, as_new(draft)).await?,
        None => {
            let slot = place::slot_for(criteria.tenant(), parsed, criteria.slot());
            place::create_step(criteria.tenant(), parsed, session.assign(slot), draft)
        }
    };
    let plan = session.plan(vec![step], dedup.cloned(), vec![reservation.hold()]);
    match session.attempt(plan).await.map_err(|error| taken(error, criteria, parsed.id))? {
        Attempt::Done(answers) => Ok(answers.into_iter().next()),
        // Found at the next try, with its body.
        Attempt::Repeated(_) | Attempt::Stale | Attempt::Lost | Attempt::Moves(_) => Ok(None),
    }
}

/// Under the body's id: of what is there already nobody said that it was meant.
fn as_new(draft: draft::Draft) -> Intent {
    Intent::Update { draft, if_match: IfMatch::Anything, must_be_new: true }
}

fn taken(error: Error, criteria: &Criteria, id: Option<ResourceId>) -> Error {
    let Some(id) = id.filter(|_| error.code == Code::PreconditionFailed) else { return error };
    let name = criteria.resource_type();
    let text = format!(
        "no {name} matches '{criteria}', and {name}/{id}, which the body names, exists: leave the id out to create another one"
    );
    Error::new(Code::PreconditionFailed, text)
}

/// A body that names an id must name that of the match.
pub(crate) fn check_id(parsed: &Parsed, found: &Match) -> Result<(), Error> {
    match parsed.id {
        Some(id) if id != found.id => {
            let text = format!(
                "the body's id is '{id}', but {} matches: leave it out, or send what is meant",
                found.found.id
            );
            Err(Error::new(Code::BadRequest, text).at(format!("{}.id", parsed.resource_type)))
        }
        _ => Ok(()),
    }
}
