//! The searches that chained parameters, `_has`, `_list` and hierarchies rest on: carried out first, as any other.

use super::{compile, hierarchy};
use crate::session::Session;
use fhir::definitions::ResourceType;
use futures::future::BoxFuture;
use proto::{
    Code, Error, ResourceId, TypeCode,
    api::v1::{SearchParameter, SearchRequest},
};
use search::{
    Gather, ResourceSet, Tell,
    page::sort_hash,
    query::{By, Join, Joined, Resting, Way, joins, may_join},
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
    let (custom, types) = (session.parameters(), types(request));
    for pair in request.parameters.iter().filter(|pair| may_join(&pair.name)) {
        let Ok(resting) = joins(custom.as_deref(), &types, &pair.name, &pair.value) else { continue };
        for Resting { name, value, joins } in resting {
            if all.iter().any(|known| known.name == name && known.value == value) {
                continue;
            }
            let mut found = Found::default();
            for join in joins {
                search(session, &pair.name, &join, &mut found).await?;
            }
            let many = Arc::new(ResourceSet::new(found.many));
            all.push(Joined { name, value, few: found.few.into_iter().collect(), many });
        }
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
    name: &'s str,
    join: &'s Join,
    found: &'s mut Found,
) -> BoxFuture<'s, Result<(), Error>> {
    Box::pin(search_first(session, name, join, found))
}

async fn search_first(session: Session<'_>, name: &str, join: &Join, found: &mut Found) -> Result<(), Error> {
    if let By::Hierarchy(_, way) = join.by {
        return hierarchy(session, name, join, way, found).await;
    }
    let parameter = SearchParameter { name: join.name.clone(), value: join.value.clone() };
    let request = SearchRequest {
        resource_type: join.resource_type.name().to_owned(),
        parameters: vec![parameter],
        strict: true,
        ..SearchRequest::default()
    };
    let inside = |error: Error| match error.code {
        Code::BadParameter => {
            Error::new(Code::BadParameter, format!("search parameter '{name}': {}", error.diagnostics()))
        }
        _ => error,
    };
    let mut search = compile(session, &request).await.map_err(inside)?;
    let wanted = match join.by {
        By::Reference(_) | By::Hierarchy(..) => {
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
        Code::TooCostly => too_many(name, max),
        _ => error,
    })?;
    session.context().share.take(gathered.len() * HASH_BYTES)?;
    found.many.extend(gathered);
    Ok(())
}

/// What is above or below what the value names, that itself included.
async fn hierarchy(
    session: Session<'_>,
    name: &str,
    join: &Join,
    way: Way,
    found: &mut Found,
) -> Result<(), Error> {
    let max = session.options().search_limits.joined_max;
    let left = max.saturating_sub(found.few.len() + found.many.len());
    let reached = hierarchy::reached(session, name, join, way, left).await?;
    let reached = reached.ok_or_else(|| too_many(name, max))?;
    let type_code = TypeCode(join.resource_type.code());
    if reached.len() <= FEW {
        found.few.extend(reached.into_iter().map(|id| (type_code, id)));
        return Ok(());
    }
    session.context().share.take(reached.len() * HASH_BYTES)?;
    let hash = |id: ResourceId| sort_hash(session.tenant(), type_code, id.as_str());
    found.many.extend(reached.into_iter().map(hash));
    Ok(())
}

fn too_many(name: &str, max: usize) -> Error {
    let text = format!(
        "search parameter '{name}': more than {max} resources fulfil what it rests on (limits.search_joined_max); name a value that fewer have"
    );
    Error::new(Code::TooCostly, text)
}
