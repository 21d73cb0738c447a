//! The searches that chained parameters, `_has` and `_list` rest on: carried out first, as any other, to their last page.

use super::{besides::Pages, bodies::Show};
use crate::{bounds::Share, session::Session};
use fhir::{
    definitions::ResourceType,
    index::{Value, Values},
    projection::Projection,
};
use futures::future::BoxFuture;
use proto::{
    Code, Error, ResourceId, TypeCode,
    api::v1::{SearchMode, SearchParameter, SearchRequest},
};
use search::query::{By, Join, Joined, is_join, joins};
use std::collections::BTreeSet;

/// What one parameter rests on may be so many resources.
const FOUND_MAX: usize = 10_000;

type Found = BTreeSet<(TypeCode, ResourceId)>;

/// What all parameters of a search rest on. Where one makes no sense, who compiles the search says so.
///
/// # Errors
/// `TooCostly` over [`FOUND_MAX`]; those of the searches, which name the parameter.
pub async fn resolve(session: Session<'_>, request: &SearchRequest) -> Result<Vec<Joined>, Error> {
    let mut all: Vec<Joined> = vec![];
    let custom = session.parameters();
    for pair in request.parameters.iter().filter(|pair| is_join(&pair.name)) {
        let Ok(joins) = joins(custom.as_deref(), &types(request), &pair.name) else { continue };
        if all.iter().any(|known| known.name == pair.name && known.value == pair.value) {
            continue;
        }
        let mut found = Found::new();
        for join in joins {
            search(session, pair, &join, &mut found).await?;
        }
        let (name, value) = (pair.name.clone(), pair.value.clone());
        all.push(Joined { name, value, found: found.into_iter().collect() });
    }
    Ok(all)
}

fn types(request: &SearchRequest) -> Vec<ResourceType> {
    if !request.resource_type.is_empty() {
        return ResourceType::from_name(&request.resource_type).into_iter().collect();
    }
    let named = request.parameters.iter().filter(|pair| pair.name == "_type");
    named.flat_map(|pair| pair.value.split(',')).filter_map(ResourceType::from_name).collect()
}

/// Boxed: what it rests on may rest on others.
fn search<'s>(
    session: Session<'s>,
    pair: &'s SearchParameter,
    join: &'s Join,
    found: &'s mut Found,
) -> BoxFuture<'s, Result<(), Error>> {
    Box::pin(search_first(session, pair, join, found))
}

async fn search_first(
    session: Session<'_>,
    pair: &SearchParameter,
    join: &Join,
    found: &mut Found,
) -> Result<(), Error> {
    let parameter = SearchParameter { name: join.name.clone(), value: pair.value.clone() };
    let request = SearchRequest {
        resource_type: join.resource_type.name().to_owned(),
        parameters: vec![parameter],
        strict: true,
        ..SearchRequest::default()
    };
    let inside = |error: Error| match error.code {
        Code::BadParameter => Error::new(
            Code::BadParameter,
            format!("search parameter '{}': {}", pair.name, error.diagnostics()),
        ),
        _ => error,
    };
    let mut pages = Pages::of(session, &request).await.map_err(inside)?;
    while let Some(hits) = pages.next().await? {
        match join.by {
            By::Reference(_) => found.extend(hits.iter().map(|hit| (hit.key.type_code, hit.key.id))),
            By::Back(parameter) => {
                let mut add =
                    |values: &[u8]| found.extend(Values::trusted(values).of(parameter).filter_map(target));
                let mut elsewhere = vec![];
                for (hit, values) in hits.iter().zip(session.values_of(&hits)?) {
                    match values {
                        Some(values) => add(&values),
                        None => elsewhere.push(hit.clone()),
                    }
                }
                let (share, part, mode) = (&Share::default(), &Projection::Whole, SearchMode::Match);
                let show = Show { session, share, part, mode, indexed: true };
                show.hits(&elsewhere).await?.iter().for_each(|row| add(&row.values));
            }
        }
        if found.len() > FOUND_MAX {
            return Err(too_many(&pair.name));
        }
    }
    Ok(())
}

fn target(value: Value<'_>) -> Option<(TypeCode, ResourceId)> {
    match value {
        Value::Reference { type_code, id, .. } => Some((TypeCode(type_code), ResourceId::parse(id).ok()?)),
        _ => None,
    }
}

fn too_many(name: &str) -> Error {
    let text = format!(
        "search parameter '{name}': more than {FOUND_MAX} resources fulfil what it rests on; name a value that fewer have"
    );
    Error::new(Code::TooCostly, text)
}
