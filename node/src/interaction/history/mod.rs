//! <https://hl7.org/fhir/R4/http.html#history>: newest first, of an instance, a type or the whole tenant.

mod cursor;
mod everywhere;
mod pages;
#[cfg(test)]
mod tests;

pub use everywhere::look;

use super::part;
use crate::{
    draft,
    host::aside,
    session::{Newest, Session},
};
use cursor::{Cursor, Moment, bad_cursor};
use fhir::definitions::ResourceType;
use pages::{Asked, Page};
use proto::{
    Code, Error, TypeCode,
    api::v1::{HistoryEntry, HistoryRequest, HistoryResponse, Outcome},
};
use storage::{Method, Version};

pub async fn history(session: Session<'_>, request: HistoryRequest) -> Result<HistoryResponse, Error> {
    let limit = match request.count as usize {
        0 => session.options().history_page_max.min(PAGE_DEFAULT),
        count => count.min(session.options().history_page_max),
    };
    let part = part::of(&request.summary, &request.elements)?;
    let mut page = match (request.resource_type.as_str(), request.id.as_str()) {
        ("", "") => of_all(session, None, &request, limit).await,
        // The history of everything is not what was asked for.
        ("", _) => Err(Error::new(Code::BadRequest, "an id without a resource type: name the type, too")),
        (name, "") => {
            let type_code = TypeCode(draft::known_type(name)?.code());
            of_all(session, Some(type_code), &request, limit).await
        }
        (name, id) => instance(session, draft::known_type(name)?, id, &request, limit).await,
    }?;
    for entry in &mut page.entries {
        entry.body = part::take(&part, std::mem::take(&mut entry.body))?;
        // By itself, and in the bundle that is made of all.
        session.context().share.take(2 * entry.body.len())?;
    }
    Ok(page)
}

const PAGE_DEFAULT: usize = 100;

async fn instance(
    session: Session<'_>,
    resource_type: ResourceType,
    id: &str,
    request: &HistoryRequest,
    limit: usize,
) -> Result<HistoryResponse, Error> {
    let before = match request.cursor.as_str() {
        "" => None,
        cursor => Some(cursor.parse().map_err(|_| bad_cursor())?),
    };
    let id = draft::resource_id(id)?;
    let newest = Newest { before, limit: limit + 1 };
    let mut versions = session.look(resource_type, id, &newest).await?.unwrap_or_default();
    if versions.is_empty() && before.is_none() {
        return Err(Error::new(Code::NotFound, format!("there is no {}/{id}", resource_type.name())));
    }
    // Versions are gapless, so the newest one's number is the count.
    let total = match (before, request.since_ms) {
        (None, 0) => versions.first().map(|newest| newest.version),
        _ => None,
    };
    // Time never runs backwards inside a resource: what is left is the newest.
    versions.retain(|version| version.last_updated_ms >= request.since_ms);
    let more = versions.len() > limit;
    versions.truncate(limit);
    let next_cursor = match versions.last() {
        Some(last) if more => last.version.to_string(),
        _ => String::new(),
    };
    Ok(HistoryResponse { entries: versions.into_iter().map(entry).collect(), next_cursor, total })
}

async fn of_all(
    session: Session<'_>,
    type_code: Option<TypeCode>,
    request: &HistoryRequest,
    limit: usize,
) -> Result<HistoryResponse, Error> {
    let cursor = match request.cursor.as_str() {
        "" => None,
        cursor => Some(Cursor::parse(cursor, session.partitions().len())?),
    };
    let asked = Asked { tenant: session.tenant(), type_code, since_ms: request.since_ms, limit };
    let page = match session.searches_alone() {
        true => here(session, &asked, cursor).await,
        false => Box::pin(everywhere::read(session, &asked, cursor)).await,
    }?;
    let Page { versions, next } = page;
    Ok(HistoryResponse {
        entries: versions.into_iter().map(entry).collect(),
        next_cursor: next.map(|cursor| cursor.to_string()).unwrap_or_default(),
        total: None,
    })
}

/// From the rows of this node, which holds all partitions.
async fn here(session: Session<'_>, asked: &Asked, cursor: Option<Cursor>) -> Result<Page, Error> {
    let replicas = session.replicas(&session.partitions())?;
    let views = session.at_a_moment(|| pages::views(&replicas));
    let views = views.await?;
    let (after, moment) = match cursor {
        Some(Cursor { last, moment }) => (Some(last), moment),
        None => (None, Moment(views.iter().map(|(_, view)| view.applied_index()).collect())),
    };
    // A page may take milliseconds of reading: it does not hold up the other tasks of its thread.
    let found = aside(|| pages::page(&views, asked, after.as_ref(), &moment));
    Ok(Page::of(found.map_err(crate::error::storage)?, moment))
}

fn entry(version: Version) -> HistoryEntry {
    let outcome = match version.method {
        Method::Create => Outcome::Created,
        Method::Update if version.version == 1 => Outcome::Created,
        Method::Update => Outcome::Updated,
        Method::Delete => Outcome::Deleted,
    };
    let name = ResourceType::from_code(version.key.type_code.0).map_or("", ResourceType::name);
    HistoryEntry {
        resource_type: name.to_owned(),
        id: version.key.id.as_str().to_owned(),
        version_id: version.version.to_string(),
        last_updated_ms: version.last_updated_ms,
        outcome: outcome as i32,
        body: version.body,
    }
}
