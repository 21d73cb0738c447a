//! Contained resources as matches of their own, where `_containedType=contained` asks for them:
//! <https://hl7.org/fhir/R4/search.html#contained>

use super::bodies::entry;
use crate::{bounds::Share, interaction::part, session::Session};
use bytes::Bytes;
use fhir::{
    definitions::ResourceType,
    index::{Contained, Values},
    json::Node,
    projection::Projection,
};
use proto::{
    Error,
    api::v1::{SearchEntry, SearchMode},
};
use search::{Facts, Hit, Query};
use storage::Version;

/// Of each hit the resources inside it that were asked for; before them itself, where it is found by itself. None of what is deleted
/// by now, or no longer contains any.
///
/// # Errors
/// Those of reading rows; `Internal` for a stored resource that is no JSON.
pub async fn of(
    session: Session<'_>,
    share: &Share,
    part: &Projection,
    query: &Query,
    hits: &[Hit],
) -> Result<Vec<SearchEntry>, Error> {
    let shown = |_: &Hit, row: Version| {
        let entries = matches(session, part, query, row)?;
        // Each by itself, and in the bundle that is made of all.
        share.take(2 * entries.iter().map(|entry| entry.body.len()).sum::<usize>())?;
        Ok::<_, Error>(entries)
    };
    Ok(session.rows_of(hits, shown).await?.concat())
}

fn matches(
    session: Session<'_>,
    part: &Projection,
    query: &Query,
    row: Version,
) -> Result<Vec<SearchEntry>, Error> {
    if row.is_deleted() {
        return Ok(vec![]);
    }
    let document = part::document(row.body.clone())?;
    let values = session.index_values(document.root())?;
    let facts = Facts { type_code: row.key.type_code, id: &row.key.id, last_updated_ms: row.last_updated_ms };
    let (is_own, contained) = query.found_inside(&Values::trusted(&values), &facts);
    let container = entry(row.key.type_code.0, row, SearchMode::Match);
    let inside = contained.iter().filter_map(|one| {
        let body = body_of(document.root(), one, part)?;
        Some(SearchEntry {
            resource_type: ResourceType::from_code(one.type_code)?.name().to_owned(),
            id: one.id.to_owned(),
            body,
            container: format!("{}/{}", container.resource_type, container.id),
            ..container.clone()
        })
    });
    let mut entries: Vec<SearchEntry> = inside.collect();
    if is_own {
        let body = part::take(part, container.body.clone())?;
        entries.insert(0, SearchEntry { body, ..container });
    }
    Ok(entries)
}

/// The part of a contained resource that is shown.
fn body_of(container: Node<'_>, wanted: &Contained<'_>, part: &Projection) -> Option<Bytes> {
    let is_it = |one: &Node<'_>| one.get("id").and_then(Node::as_str).as_deref() == Some(wanted.id);
    let one = container.get("contained")?.items().find(is_it)?;
    Some(if part.is_whole() { Bytes::copy_from_slice(one.raw()) } else { part.of(one).into() })
}
