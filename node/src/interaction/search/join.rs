//! The searches that chained parameters, `_has` and `_list` rest on: carried out first, as any other.

use super::compile;
use crate::session::Session;
use fhir::definitions::ResourceType;
use futures::future::BoxFuture;
use proto::{
    Code, Error, ResourceId, TypeCode,
    api::v1::{SearchParameter, SearchRequest},
};
use search::{
    Gather, ResourceSet, Tell,
    query::{By, Join, Joined, is_join, joins},
};
use std::{collections::BTreeSet, sync::Arc};

/// So many resources that a chain rests on are looked for by name, which takes a look-up in each segment for each. More are a set that
/// what refers to anything is held against.
const FEW: usize = 64;
/// What a resource of a set takes.
const HASH_BYTES: usize = 16;

/// What one parameter rests on.
#[derive(Default)]
struct Found {
    few: BTreeSet<(TypeCode, ResourceId)>,
    many: Vec<u64>,
}

/// What all parameters of a search rest on. Where one makes no sense, who compiles the search says so.
///
/// # Errors
/// `TooCostly` over `limits.search_joined_max`; those of the searches, which name the parameter.
pub async fn resolve(session: Session<'_>, request: &SearchRequest) -> Result<Vec<Joined>, Error> {
    let mut all: Vec<Joined> = vec![];
    let custom = session.parameters();
    for pair in request.parameters.iter().filter(|pair| is_join(&pair.name)) {
        let Ok(joins) = joins(custom.as_deref(), &types(request), &pair.name) else { continue };
        if all.iter().any(|known| known.name == pair.name && known.value == pair.value) {
            continue;
        }
        let mut found = Found::default();
        for join in joins {
            search(session, pair, &join, &mut found).await?;
        }
        let (name, value) = (pair.name.clone(), pair.value.clone());
        let many = Arc::new(ResourceSet::new(found.many));
        all.push(Joined { name, value, few: found.few.into_iter().collect(), many });
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
    let mut search = compile(session, &request).await.map_err(inside)?;
    let wanted = match join.by {
        By::Reference(_) => {
            (search.query.count, search.query.tell) = (FEW, Tell::Nothing);
            let page = session.search(&search, None).await?;
            if page.next.is_none() {
                found.few.extend(page.hits.iter().map(|hit| (hit.key.type_code, hit.key.id)));
                return Ok(());
            }
            Gather::Itself
        }
        By::Back(parameter) => Gather::Targets(parameter),
    };
    let max = session.options().search_limits.joined_max;
    let left = max.saturating_sub(found.few.len() + found.many.len());
    let gathered = session.gather(&search, wanted, left).await.map_err(|error| match error.code {
        Code::TooCostly => too_many(&pair.name, max),
        _ => error,
    })?;
    session.context().share.take(gathered.len() * HASH_BYTES)?;
    found.many.extend(gathered);
    Ok(())
}

fn too_many(name: &str, max: usize) -> Error {
    let text = format!(
        "search parameter '{name}': more than {max} resources fulfil what it rests on (limits.search_joined_max); name a value that fewer have"
    );
    Error::new(Code::TooCostly, text)
}
