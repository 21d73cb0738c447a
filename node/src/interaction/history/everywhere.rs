//! Histories of a type or of everything where several nodes hold the partitions: each reads its share of a page.

use super::{
    cursor::{Cursor, Moment},
    pages::{self, Asked, Found, Page},
};
use crate::{
    host::aside,
    partition::{id_from, version_from, version_to},
    session::{Everywhere, Session},
};
use proto::{
    Error, PartitionId, TypeCode,
    internal::v1::{self as wire, look_request::Look},
};
use storage::{HistoryPlace, Version};

/// From the rows of all nodes that hold some of the partitions.
pub async fn read(session: Session<'_>, asked: &Asked, cursor: Option<Cursor>) -> Result<Page, Error> {
    let partitions = session.partitions();
    let (after, known) = match cursor {
        Some(Cursor { last, moment }) => (Some(last), Some(moment)),
        None => (None, None),
    };
    let here = |only: &[PartitionId], moment: &Moment| {
        let replicas = session.replicas(only)?;
        let views = pages::views(&replicas)?;
        let found = aside(|| pages::page(&views, asked, after.as_ref(), moment));
        found.map_err(crate::error::storage)
    };
    let there = |answer: wire::LookAnswer| {
        let bytes = answer.rows.iter().map(|row| row.body.len()).sum();
        session.context().share.take(bytes)?;
        let versions: Vec<Version> = answer.rows.iter().map(version_from).collect::<Result<_, _>>()?;
        Ok(Found { more: versions.len() > asked.limit, versions })
    };
    let mut moments = session.moments(partitions.clone());
    loop {
        let all = moments.next().await?;
        let moment = match &known {
            Some(moment) => Some(moment.clone()),
            None => positions(&all, session, partitions.len()).await?,
        };
        let Some(moment) = moment else { continue };
        let look = Look::History(told(asked, after.as_ref(), &moment));
        if let Some(parts) = all.look(&look, |only| here(only, &moment), there).await? {
            return Ok(Page::of(pages::merged(parts, asked.limit), moment));
        }
    }
}

/// How far all partitions are.
async fn positions(
    all: &Everywhere<'_>,
    session: Session<'_>,
    partitions: usize,
) -> Result<Option<Moment>, Error> {
    let here = |only: &[PartitionId]| session.positions(only);
    let told = all.look(&Look::Positions(true), here, |answer| Ok(answer.applied)).await?;
    let Some(told) = told else { return Ok(None) };
    let mut moment = Moment(vec![0; partitions]);
    for (share, applied) in all.shares().zip(told) {
        for (partition, applied) in share.iter().zip(applied) {
            // Partitions count from 1.
            moment.0[usize::from(partition.0) - 1] = applied;
        }
    }
    Ok(Some(moment))
}

/// For other nodes: one version more than is wanted says that there are more.
fn told(asked: &Asked, after: Option<&HistoryPlace>, moment: &Moment) -> wire::HistoryLook {
    let end = |place: &HistoryPlace| wire::HistoryEnd {
        last_updated_ms: place.last_updated_ms,
        type_code: u32::from(place.type_code.0),
        version: place.version,
        id: place.id.as_str().to_owned(),
    };
    wire::HistoryLook {
        type_code: asked.type_code.map(|code| u32::from(code.0)),
        since_ms: asked.since_ms,
        after: after.map(end),
        limit: asked.limit as u64 + 1,
        moment: moment.0.clone(),
    }
}

/// Looks for another node in partitions that this one leads.
///
/// # Errors
/// `Unavailable` without a leader; storage's.
pub async fn look(
    session: Session<'_>,
    request: &wire::LookRequest,
    look: &wire::HistoryLook,
) -> Result<wire::LookAnswer, Error> {
    let after = look.after.as_ref().map(place_of).transpose()?;
    let asked = Asked {
        tenant: session.tenant(),
        type_code: look.type_code.map(|code| TypeCode(code as u16)),
        since_ms: look.since_ms,
        limit: look.limit as usize,
    };
    let moment = Moment(look.moment.clone());
    let here = |only: &[PartitionId]| {
        let replicas = session.replicas(only)?;
        let found = pages::page(&pages::views(&replicas)?, &asked, after.as_ref(), &moment);
        let versions = found.map_err(crate::error::storage)?.versions;
        // By itself, and encoded.
        let bytes: usize = versions.iter().map(|version| version.body.len()).sum();
        session.context().share.take(2 * bytes)?;
        let rows = versions.into_iter().map(version_to).collect();
        Ok(wire::LookAnswer { rows, ..Default::default() })
    };
    session.look_for(request.moment.as_ref(), &request.partitions, here).await
}

fn place_of(end: &wire::HistoryEnd) -> Result<HistoryPlace, Error> {
    Ok(HistoryPlace {
        last_updated_ms: end.last_updated_ms,
        type_code: TypeCode(end.type_code as u16),
        id: id_from(&end.id)?,
        version: end.version,
    })
}
