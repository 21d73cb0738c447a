//! A transaction: all or nothing, then its reads.

use super::{
    action::Action,
    answering::Answering,
    batch, entry, identity,
    plan::{self, Planned},
};
use crate::{
    compartment::{Dedup, Intent},
    error::contended,
    interaction::{conditional::Pause, patch},
    session::{Session, place},
    writer::{Attempt, Step},
};
use fhir::bundle::{Bundle, Method, ResponseEntry};
use proto::{Code, CompartmentKey, Error, ResourceId, TypeCode, api::v1::WriteResponse};
use rustc_hash::FxHashMap;

/// Carries the bundle out; `source` is it as it was sent.
pub async fn run(
    session: Session<'_>,
    source: &[u8],
    bundle: &Bundle<'_>,
    idempotency_key: &str,
    answering: &Answering,
) -> Result<Vec<ResponseEntry>, Error> {
    let home = identity::home_slot(session, bundle, idempotency_key);
    let told: [&[u8]; 2] = [b"transaction", source];
    let dedup = session.dedup(idempotency_key, home, &told)?;
    let answers = write(session, bundle, idempotency_key, dedup).await?;
    let mut responses = Vec::with_capacity(answers.len());
    for (number, answer) in answers.into_iter().enumerate() {
        responses.push(match answer {
            Some(answer) => {
                let written = answering.written(session, bundle.entries[number].method, &answer).await;
                answering.room.take(&written);
                written
            }
            // The writes are done: a read that finds nothing cannot undo them and answers for itself.
            None => {
                let request = batch::request(&bundle.entries[number], number, "");
                entry::answer(session, request, answering).await
            }
        });
    }
    Ok(responses)
}

/// Carries out what writes; the answer of each entry that does.
async fn write(
    session: Session<'_>,
    bundle: &Bundle<'_>,
    idempotency_key: &str,
    dedup: Option<Dedup>,
) -> Result<Vec<Option<WriteResponse>>, Error> {
    let order: Vec<usize> = bundle.processing_order().collect();
    let (mut overtaken, mut pause) = (None, Pause::default());
    for _ in 0..session.options().write_attempts_max {
        // Before the searches, which now may find what was created then.
        let before = session.all_answered_before(dedup.as_ref()).await?;
        if let Some(answers) = before {
            return repeated(bundle, &order, answers);
        }
        let planned = plan::plan(session, bundle, idempotency_key).await?;
        let committed = commit(session, &planned, &order, dedup.clone()).await;
        if let Ok(Attempt::Done(answers)) = committed {
            // What was written gave the reservations back.
            return Ok(in_entry_order(planned.actions, &order, answers));
        }
        let rests_on_matches = planned.rests_on_matches;
        planned.release(session).await;
        match committed {
            Ok(Attempt::Repeated(answers)) => return repeated(bundle, &order, answers),
            // It may be the entry's own ifMatch that does not hold; then it never will.
            Err(error) if error.code == Code::VersionConflict && rests_on_matches => {
                overtaken = Some(error);
                pause.next().await;
            }
            committed => _ = committed?,
        }
    }
    Err(overtaken.unwrap_or_else(contended))
}

/// Writes what was planned; the answers are those of the entries that write, in processing order.
async fn commit(
    session: Session<'_>,
    planned: &Planned,
    order: &[usize],
    dedup: Option<Dedup>,
) -> Result<Attempt, Error> {
    let dedup = dedup.map(|dedup| Dedup { found: found(planned, order), ..dedup });
    let mut wanted = FxHashMap::default();
    for _ in 0..session.options().write_attempts_max {
        let mut steps = vec![];
        for number in order {
            steps.extend(step(session, &planned.actions[*number], &wanted).await?);
        }
        if steps.is_empty() {
            return Ok(Attempt::Done(vec![]));
        }
        match session.attempt(session.plan(steps, dedup.clone(), planned.holds())).await? {
            Attempt::Stale => {}
            Attempt::Moves(moves) => {
                wanted.insert((moves.type_code, moves.id), moves.to);
            }
            ended => return Ok(ended),
        }
    }
    Err(contended())
}

/// The answers of conditional creates that found a match, with their places among all answers.
fn found(planned: &Planned, order: &[usize]) -> Vec<(usize, WriteResponse)> {
    let answered = order.iter().map(|number| &planned.actions[*number]);
    let places = answered.filter(|action| !matches!(action, Action::Read)).enumerate();
    let found = places.filter_map(|(place, action)| match action {
        Action::Found(answer) => Some((place, answer.clone())),
        _ => None,
    });
    found.collect()
}

/// Where patches were found to move their resources to.
type Wanted = FxHashMap<(TypeCode, ResourceId), CompartmentKey>;

async fn step(session: Session<'_>, action: &Action, wanted: &Wanted) -> Result<Option<Step>, Error> {
    match action {
        Action::Create { parsed, draft, id } => {
            Ok(Some(place::create_step(session.tenant(), parsed, *id, draft.clone())))
        }
        Action::Update { parsed, draft, id, if_match, must_be_new } => {
            let (draft, if_match) = (draft.clone(), if_match.clone());
            let intent = Intent::Update { draft, if_match, must_be_new: *must_be_new };
            session.update_step(parsed, *id, intent).await.map(Some)
        }
        Action::Patch { patch, id, if_match } => {
            let wanted = wanted.get(&(TypeCode(patch.resource_type().code()), *id)).copied();
            patch::step(session, patch, *id, if_match, wanted).await.map(Some)
        }
        Action::Delete { resource_type, id, if_match } => {
            let if_match = if_match.clone();
            session.delete_step(*resource_type, *id, if_match).await.map(Some)
        }
        Action::Found(_) | Action::Read => Ok(None),
    }
}

/// From processing order to the order of the entries.
fn in_entry_order(
    actions: Vec<Action>,
    order: &[usize],
    answers: Vec<WriteResponse>,
) -> Vec<Option<WriteResponse>> {
    let mut answers = answers.into_iter();
    let mut placed: Vec<Option<WriteResponse>> = actions.iter().map(|_| None).collect();
    for number in order {
        placed[*number] = match &actions[*number] {
            Action::Read => None,
            Action::Found(found) => Some(found.clone()),
            _ => answers.next(),
        };
    }
    placed
}

/// The answers that are kept are those of all entries that write or might have.
fn repeated(
    bundle: &Bundle<'_>,
    order: &[usize],
    answers: Vec<WriteResponse>,
) -> Result<Vec<Option<WriteResponse>>, Error> {
    let mut placed: Vec<Option<WriteResponse>> = vec![None; bundle.entries.len()];
    let mut answers = answers.into_iter();
    for number in order {
        if !matches!(bundle.entries[*number].method, Method::Get | Method::Head) {
            let missing = || Error::new(Code::Internal, "the answer that was kept is of another transaction");
            placed[*number] = Some(answers.next().ok_or_else(missing)?);
        }
    }
    Ok(placed)
}
