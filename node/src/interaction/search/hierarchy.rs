//! What is above or below resources that are part of others: <https://hl7.org/fhir/R4/search.html#recursive>. Gone through step by step, by
//! the parameter that says what a resource is part of.

use super::{besides::Pages, bodies::Show};
use crate::session::Session;
use fhir::{
    definitions::{ResourceType, search_parameter},
    index::{Value, Values},
    projection::Projection,
};
use proto::{
    Error, ResourceId,
    api::v1::{SearchMode, SearchParameter, SearchRequest},
};
use search::query::{Join, Way, named};
use std::collections::BTreeSet;

/// Resources that one search of a step names.
const AT_ONCE: usize = 100;

/// Where a parameter's hierarchy begins, and what is reached from there; `None` for more than `max`. A circle is gone round once.
///
/// # Errors
/// A value that names nothing of this server, with the parameter's name; those of searches.
pub async fn reached(
    session: Session<'_>,
    name: &str,
    join: &Join,
    way: Way,
    max: usize,
) -> Result<Option<BTreeSet<ResourceId>>, Error> {
    let own = session.bases();
    let start = named(name, &join.value, join.resource_type, own.bases(), session.base())?;
    let mut reached: BTreeSet<ResourceId> = start.into_iter().collect();
    let mut edge: Vec<ResourceId> = reached.iter().copied().collect();
    while !edge.is_empty() && reached.len() <= max {
        let mut next = Vec::new();
        for some in edge.chunks(AT_ONCE) {
            let found = match way {
                Way::Below => parts(session, join, some, max).await?,
                Way::Above => wholes(session, join, some).await?,
            };
            next.extend(found.into_iter().filter(|id| reached.insert(*id)));
        }
        edge = next;
    }
    Ok(Some(reached).filter(|reached| reached.len() <= max))
}

/// What says that it is part of one of these: more than `max` where there are more.
async fn parts(
    session: Session<'_>,
    join: &Join,
    of: &[ResourceId],
    max: usize,
) -> Result<Vec<ResourceId>, Error> {
    let value = |id: &ResourceId| format!("{}/{}", join.resource_type, id.as_str());
    let mut pages = pages(session, join.resource_type, &join.name, of.iter().map(value)).await?;
    let mut found = Vec::new();
    while let Some(hits) = pages.next().await? {
        found.extend(hits.iter().map(|hit| hit.key.id));
        if found.len() > max {
            break;
        }
    }
    Ok(found)
}

/// What these say that they are part of.
async fn wholes(session: Session<'_>, join: &Join, of: &[ResourceId]) -> Result<Vec<ResourceId>, Error> {
    let t = join.resource_type;
    let Some(parameter) = search_parameter(t, &join.name) else { return Ok(vec![]) };
    let share = session.context().share.split(0);
    let show =
        Show { session, share: &share, part: &Projection::Whole, mode: SearchMode::Match, indexed: true };
    let mut pages = pages(session, t, "_id", of.iter().map(|id| id.as_str().to_owned())).await?;
    let mut wholes = Vec::new();
    while let Some(hits) = pages.next().await? {
        for found in show.hits(&hits).await? {
            for value in Values::trusted(&found.values).of(parameter.id) {
                if let Value::Reference { type_code, id, .. } = value
                    && type_code == t.code()
                {
                    wholes.extend(ResourceId::parse(id).ok());
                }
            }
        }
    }
    Ok(wholes)
}

async fn pages<'s>(
    session: Session<'s>,
    t: ResourceType,
    name: &str,
    values: impl Iterator<Item = String>,
) -> Result<Pages<'s>, Error> {
    let values: Vec<String> = values.collect();
    let parameter = SearchParameter { name: name.to_owned(), value: values.join(",") };
    let request = SearchRequest {
        resource_type: t.name().to_owned(),
        parameters: vec![parameter],
        strict: true,
        ..SearchRequest::default()
    };
    Pages::of(session, &request).await
}
