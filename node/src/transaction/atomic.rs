//! A transaction: all or nothing, then its reads.

use super::{
    batch,
    entry::{self, written},
    plan::{self, Action, Planned},
    room::Room,
};
use crate::{
    compartment::{Dedup, Intent},
    engine::Node,
    interaction::{contended, dedup, patch},
    place,
    service::Context,
    writer::{self, Attempt, Plan, Step},
};
use fhir::{
    bundle::{Method, ResponseEntry},
    json::Document,
};
use proto::{CompartmentKey, Error, ResourceId, TypeCode, api::v1::WriteResponse};
use rustc_hash::FxHashMap;
use std::{collections::VecDeque, sync::Arc};

pub async fn run(
    node: &Node,
    context: &Context,
    document: Arc<Document>,
    idempotency_key: &str,
) -> Result<Vec<ResponseEntry>, Error> {
    let (order, home): (Vec<usize>, _) = {
        let bundle = super::read(node, &document)?;
        (bundle.processing_order().collect(), plan::home(node, context.tenant, &bundle, idempotency_key))
    };
    let dedup =
        dedup(&node.inner, context.tenant, idempotency_key, home, &[b"transaction", document.source()])?;
    let planned = plan::plan(node, context, &document, idempotency_key).await?;
    let committed = commit(node, context, &planned, &order, dedup).await;
    let Planned { actions, reservations } = planned;
    plan::release(node, reservations).await;
    let answers = in_entry_order(&actions, &order, committed?);
    let mut responses = Vec::with_capacity(answers.len());
    let room = Room::new(node.inner.options.bundle_answer_bytes_max, context.share.clone());
    for (number, answer) in answers.into_iter().enumerate() {
        responses.push(match answer {
            Some(answer) => written(&answer),
            None => read(node, context, &document, number, &room).await?,
        });
    }
    Ok(responses)
}

/// The answers of the entries that write, in processing order.
async fn commit(
    node: &Node,
    context: &Context,
    planned: &Planned,
    order: &[usize],
    dedup: Option<Dedup>,
) -> Result<Vec<WriteResponse>, Error> {
    if let Some(answers) = writer::answered_before(&node.inner, context.tenant, dedup.as_ref()).await? {
        return Ok(answers);
    }
    let mut wanted = FxHashMap::default();
    for _ in 0..node.inner.options.write_attempts_max {
        let mut steps = vec![];
        for number in order {
            steps.extend(step(node, context, &planned.actions[*number], &wanted).await?);
        }
        if steps.is_empty() {
            return Ok(vec![]);
        }
        let (dedup, share) = (dedup.clone(), context.share.clone());
        let plan = Plan { tenant: context.tenant, steps, dedup, share };
        match writer::attempt(&node.inner, plan).await? {
            Attempt::Done(answers) | Attempt::Repeated(answers) => return Ok(answers),
            Attempt::Stale => {}
            Attempt::Moves(moves) => {
                wanted.insert((moves.type_code, moves.id), moves.to);
            }
        }
    }
    Err(contended())
}

/// Where patches were found to move their resources to.
type Wanted = FxHashMap<(TypeCode, ResourceId), CompartmentKey>;

async fn step(
    node: &Node,
    context: &Context,
    action: &Action,
    wanted: &Wanted,
) -> Result<Option<Step>, Error> {
    match action {
        Action::Create { parsed, draft, id } => {
            Ok(Some(place::create_step(context.tenant, parsed, *id, draft.clone())))
        }
        Action::Update { parsed, draft, id, if_match, must_be_new } => {
            let intent =
                Intent::Update { draft: draft.clone(), if_match: *if_match, must_be_new: *must_be_new };
            place::update_step(&node.inner, context.tenant, parsed, *id, intent).await.map(Some)
        }
        Action::Patch { patch, id, if_match } => {
            let wanted = wanted.get(&(TypeCode(patch.resource_type().code()), *id)).copied();
            patch::step(&node.inner, patch, *id, *if_match, wanted).await.map(Some)
        }
        Action::Delete { resource_type, id, if_match } => {
            place::delete_step(&node.inner, context.tenant, *resource_type, *id, *if_match).await.map(Some)
        }
        Action::Found(_) | Action::Read => Ok(None),
    }
}

/// From processing order to the order of the entries. A repeated transaction may now find what it created the first
/// time; then the answer given then counts.
fn in_entry_order(
    actions: &[Action],
    order: &[usize],
    answers: Vec<WriteResponse>,
) -> Vec<Option<WriteResponse>> {
    let mut answers = VecDeque::from(answers);
    let mut placed: Vec<Option<WriteResponse>> = actions.iter().map(|_| None).collect();
    for number in order {
        placed[*number] = match &actions[*number] {
            Action::Read => None,
            Action::Found(found) => match answers.front() {
                Some(first) if first.id == found.id && first.resource_type == found.resource_type => {
                    answers.pop_front()
                }
                _ => Some(found.clone()),
            },
            _ => answers.pop_front(),
        };
    }
    placed
}

async fn read(
    node: &Node,
    context: &Context,
    document: &Arc<Document>,
    number: usize,
    room: &Room,
) -> Result<ResponseEntry, Error> {
    let request = {
        let bundle = super::read(node, document)?;
        let entry = &bundle.entries[number];
        debug_assert!(matches!(entry.method, Method::Get | Method::Head));
        batch::request(document, entry, number, "")
    };
    // The writes are done: a read that finds nothing cannot undo them and answers for itself.
    Ok(entry::answer(node, context, request, room).await)
}
