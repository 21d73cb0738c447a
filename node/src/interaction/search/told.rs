//! Searches as other nodes are asked to look for a part of them, and as this one is asked.

use super::compile_at;
use crate::{
    partition::{digest_from, id_from, incomplete},
    session::{Session, redefined},
};
use proto::{
    Code, Error, PartitionId, ResourceId, TypeCode,
    api::v1::{SearchParameter, SearchRequest},
    internal::v1 as wire,
};
use search::{Query, ResourceSet, Tell, query::Joined};
use std::sync::Arc;

/// Looks for another node in partitions that this one leads.
///
/// # Errors
/// The search's own; `Unavailable` without a leader.
pub async fn look(
    session: Session<'_>,
    asked: &wire::LookRequest,
    look: &wire::SearchLook,
) -> Result<wire::LookAnswer, Error> {
    let mut query = query_of(session, look).await?;
    let tell = match (look.total, look.total_of_few) {
        (true, _) => Tell::All,
        (false, true) => Tell::Few,
        (false, false) => Tell::Nothing,
    };
    (query.count, query.tell) = (look.count as usize, tell);
    let here = |only: &[PartitionId]| session.look_for_hits(&query, look, only);
    session.look_for(asked.moment.as_ref(), &asked.partitions, here).await
}

/// Gathers for another node in partitions that this one leads.
///
/// # Errors
/// The search's own; `Unavailable` without a leader.
pub async fn gather(
    session: Session<'_>,
    asked: &wire::LookRequest,
    look: &wire::GatherLook,
) -> Result<wire::LookAnswer, Error> {
    let search = look.search.as_ref().ok_or_else(|| incomplete("a search"))?;
    let query = query_of(session, search).await?;
    let here = |only: &[PartitionId]| session.look_to_gather(&query, look, only);
    session.look_for(asked.moment.as_ref(), &asked.partitions, here).await
}

/// What another node's search is here.
async fn query_of(session: Session<'_>, look: &wire::SearchLook) -> Result<Query, Error> {
    let pair = |pair: &wire::Pair| SearchParameter { name: pair.name.clone(), value: pair.value.clone() };
    let request = SearchRequest {
        resource_type: look.resource_type.clone(),
        parameters: look.parameters.iter().map(pair).collect(),
        compartment_type: look.compartment_type.clone(),
        compartment_id: look.compartment_id.clone(),
        strict: look.strict,
        ..SearchRequest::default()
    };
    let came_by = Some(look.came_by.as_str()).filter(|base| !base.is_empty());
    let joined = look.joined.iter().map(joined_from).collect::<Result<_, _>>()?;
    if !look.custom.is_empty() {
        session.learn().await?;
    }
    let query = match compile_at(session, &request, look.now_ms, joined, came_by).await {
        Err(_) if !look.custom.is_empty() => return Err(redefined()),
        compiled => compiled?,
    };
    if query.digest != digest_from(look) {
        let is_own = look.custom.is_empty() && query.custom.is_empty();
        return Err(match is_own {
            true => Error::new(Code::Internal, "another node's search is understood otherwise here"),
            false => redefined(),
        });
    }
    Ok(query)
}

/// For other nodes.
pub fn told(
    request: &SearchRequest,
    now_ms: u64,
    joined: &[Joined],
    came_by: Option<&str>,
) -> wire::SearchLook {
    let pair = |pair: &SearchParameter| wire::Pair { name: pair.name.clone(), value: pair.value.clone() };
    wire::SearchLook {
        resource_type: request.resource_type.clone(),
        parameters: request.parameters.iter().map(pair).collect(),
        compartment_type: request.compartment_type.clone(),
        compartment_id: request.compartment_id.clone(),
        strict: request.strict,
        now_ms,
        came_by: came_by.unwrap_or_default().to_owned(),
        joined: joined.iter().map(joined_to).collect(),
        ..wire::SearchLook::default()
    }
}

fn joined_to(joined: &Joined) -> wire::Joined {
    let one = |(type_code, id): &(TypeCode, ResourceId)| wire::JoinedTo {
        type_code: u32::from(type_code.0),
        id: id.as_str().to_owned(),
    };
    wire::Joined {
        name: joined.name.clone(),
        value: joined.value.clone(),
        found: joined.few.iter().map(one).collect(),
        many: joined.many.hashes().to_vec(),
    }
}

fn joined_from(joined: &wire::Joined) -> Result<Joined, Error> {
    let one = |to: &wire::JoinedTo| Ok((TypeCode(to.type_code as u16), id_from(&to.id)?));
    let few = joined.found.iter().map(one).collect::<Result<_, Error>>()?;
    let many = Arc::new(ResourceSet::new(joined.many.clone()));
    Ok(Joined { name: joined.name.clone(), value: joined.value.clone(), few, many })
}
