//! <https://hl7.org/fhir/R4/http.html#cdelete>: what matches criteria is deleted.

use crate::{
    compartment::{Dedup, IfMatch},
    draft,
    interaction::{
        conditional::{Criteria, nothing, unless_overtaken, until_first},
        preconditions,
    },
    session::Session,
};
use futures::{StreamExt, stream};
use proto::{
    Code, Error,
    api::v1::{DeleteRequest, Outcome, WriteResponse},
};
use search::Hit;
use std::{
    pin::pin,
    sync::atomic::{AtomicU32, Ordering},
};

/// How many resources are deleted at the same time.
const AT_ONCE: usize = 16;

/// The versions that matched are the ones that are deleted, each by itself.
pub async fn delete(session: Session<'_>, request: DeleteRequest) -> Result<WriteResponse, Error> {
    if !request.id.is_empty() {
        return Err(Error::new(Code::BadRequest, "a delete names either an id or criteria, not both"));
    }
    let resource_type = draft::known_type(&request.resource_type)?;
    let criteria = Criteria::read(session, resource_type, &request.criteria).await?;
    let told: [&[u8]; 4] = [
        b"conditional delete",
        request.resource_type.as_bytes(),
        request.criteria.as_bytes(),
        request.if_match.as_bytes(),
    ];
    let dedup = session.dedup(&request.idempotency_key, criteria.slot(), &told)?;
    let if_match = preconditions::if_match(&request.if_match)?;
    let _turn = criteria.turn(session).await?;
    match session.options().conditional_delete_max {
        1 => until_first(session, || delete_match(session, &criteria, &if_match, dedup.as_ref())).await,
        max if if_match == IfMatch::Anything => delete_all(session, &criteria, max, dedup.as_ref()).await,
        _ => {
            let text =
                "If-Match asks for the version of one resource, and several may match: delete it by its id";
            Err(Error::new(Code::BadRequest, text))
        }
    }
}

/// `None`: another writer came in between.
async fn delete_match(
    session: Session<'_>,
    criteria: &Criteria,
    if_match: &IfMatch,
    dedup: Option<&Dedup>,
) -> Result<Option<WriteResponse>, Error> {
    // Before the search, which now finds what was not meant.
    if let Some(answer) = session.answered_before(dedup).await? {
        return Ok(Some(answer));
    }
    let Some(found) = criteria.matched(session, if_match).await? else {
        return session.kept(dedup, nothing(criteria.resource_type())).await.map(Some);
    };
    let deleted = super::one(session, criteria.resource_type(), found.id, &found.version, dedup).await;
    Ok(unless_overtaken(deleted)?.map(|answer| WriteResponse { count: 1, ..answer }))
}

async fn delete_all(
    session: Session<'_>,
    criteria: &Criteria,
    max: usize,
    dedup: Option<&Dedup>,
) -> Result<WriteResponse, Error> {
    if let Some(answer) = session.answered_before(dedup).await? {
        return Ok(answer);
    }
    let count = AtomicU32::new(0);
    until_first(session, || delete_round(session, criteria, max, &count)).await.map_err(|mut error| {
        let count = count.load(Ordering::Relaxed);
        for issue in error.issues.iter_mut().filter(|_| count > 0) {
            issue.diagnostics += &format!("; {count} were deleted before");
        }
        error
    })?;
    let count = count.into_inner();
    let outcome = if count == 0 { Outcome::Unchanged } else { Outcome::Deleted };
    let answer = WriteResponse { outcome: outcome as i32, count, ..nothing(criteria.resource_type()) };
    session.kept(dedup, answer).await
}

/// Deletes what matches now, and counts it; `None`: some of it changed meanwhile.
async fn delete_round(
    session: Session<'_>,
    criteria: &Criteria,
    max: usize,
    count: &AtomicU32,
) -> Result<Option<()>, Error> {
    let resource_type = criteria.resource_type();
    let matches = criteria.matches(session, max).await?;
    if matches.len() > max {
        let text = format!(
            "more than {max} {resource_type} match '{criteria}', and no more are deleted at once: make the criteria name fewer"
        );
        return Err(Error::new(Code::MultipleMatches, text));
    }
    let one_by_one = stream::iter(matches).map(async |hit: Hit| {
        let version = IfMatch::version(hit.version);
        unless_overtaken(super::one(session, resource_type, hit.key.id, &version, None).await)
    });
    let mut deleted = pin!(one_by_one.buffer_unordered(AT_ONCE));
    let mut is_overtaken = false;
    while let Some(answer) = deleted.next().await {
        match answer? {
            Some(_) => _ = count.fetch_add(1, Ordering::Relaxed),
            None => is_overtaken = true,
        }
    }
    Ok((!is_overtaken).then_some(()))
}
