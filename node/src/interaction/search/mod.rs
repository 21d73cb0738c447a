//! <https://hl7.org/fhir/R4/http.html#search>

mod besides;
mod bodies;
mod explain;
mod hierarchy;
mod include;
mod inside;
mod join;
#[cfg(test)]
mod tests;
mod told;

use super::{
    codes::{self, Codes},
    part,
};
use crate::{
    bounds::Share,
    draft,
    session::{Patience, Search, Session},
};
use explain::Explanation;
use fhir::{definitions::ResourceType, projection::Projection};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use proto::{
    Code, Error,
    api::v1::{Issue, SearchEntry, SearchParameter, SearchRequest, SearchResponse},
};
use search::{
    NoTerminology, Page, Query, Relevance, Request,
    query::{Joined, joins, may_join},
};
use std::{future::ready, sync::Arc};
use tokio::time::Instant;
use told::told;
pub use told::{gather, look};

/// One page.
pub async fn search(session: Session<'_>, request: SearchRequest) -> Result<SearchResponse, Error> {
    let begun = Instant::now();
    let mut told = Some(Explanation::begin());
    let mut search = compile(session, &request).await?;
    told = told.filter(|_| search.query.work.is_some());
    if let Some(told) = &mut told {
        told.compiled(&search.query);
    }
    let parts = Parts::of(&search.query, &request.parameters)?;
    let share = &session.context().share;
    let mut read = read_page(session, share, &search, &parts, &request.cursor, &mut told).await;
    if read.is_err() && request.cursor.is_empty() && !session.still_means(&search.query) {
        // A definition came into force meanwhile: the new one answers.
        search = compile(session, &request).await?;
        read = read_page(session, share, &search, &parts, &request.cursor, &mut told).await;
    }
    let (entries, page) = read?;
    let query = search.query;
    if session.options().slow_search.is_some_and(|slow| begun.elapsed() >= slow) {
        explain::log_slow(&request, &query, begun.elapsed(), entries.len());
    }
    Ok(SearchResponse {
        entries,
        next_cursor: page.next.unwrap_or_default(),
        previous_cursor: page.previous.unwrap_or_default(),
        total: page.total,
        used: query.used.iter().map(used).collect(),
        issues: query
            .issues
            .iter()
            .map(issue)
            .chain(told.into_iter().flat_map(Explanation::issues))
            .collect(),
    })
}

/// Which part is shown of the matches, and of what comes with them.
struct Parts {
    matches: Projection,
    included: Projection,
    relevance: Option<Relevance>,
}

impl Parts {
    fn of(query: &Query, parameters: &[SearchParameter]) -> Result<Parts, Error> {
        let matches = part::of_search(parameters)?;
        let included = match query.includes.is_empty() {
            true => Projection::Whole,
            false => part::of_included(parameters)?,
        };
        Ok(Parts { matches, included, relevance: query.relevance.clone() })
    }
}

/// Every match, page after page, none read before the one before it is taken. What comes with the matches of a page follows
/// them, once a page.
pub async fn search_stream(
    session: Session<'_>,
    request: SearchRequest,
) -> Result<BoxStream<'static, Result<SearchEntry, Error>>, Error> {
    let query = Arc::new(compile(session, &request).await?);
    let parts = Arc::new(Parts::of(&query.query, &request.parameters)?);
    let caller = session.owned();
    let pages = move |cursor: String| {
        let (caller, query, parts) = (caller.clone(), query.clone(), parts.clone());
        let share = caller.session().context().share.split(0);
        async move {
            let patience = Patience::of(caller.session());
            loop {
                let read = read_page(caller.session(), &share, &query, &parts, &cursor, &mut None).await;
                if let Some(read) = patience.with(read).await {
                    let (entries, page) = read?;
                    return Ok::<_, Error>(((entries, share), page.next));
                }
            }
        }
    };
    let (first, next) = pages(request.cursor).await?;
    let rest = stream::try_unfold(next, move |cursor| {
        let page = cursor.map(&pages);
        async move {
            match page {
                Some(page) => page.await.map(Some),
                None => Ok(None),
            }
        }
    });
    // A page is held until the last of it is taken.
    let in_turn = |(entries, share): (Vec<SearchEntry>, Share)| {
        stream::iter(entries.into_iter().map(move |entry| {
            let _ = &share;
            Ok(entry)
        }))
    };
    let entries = stream::once(ready(Ok::<_, Error>(first))).chain(rest);
    Ok(entries.map_ok(in_turn).try_flatten().boxed())
}

/// The page at `cursor`, the first one if that is empty, with the bodies of its hits and of what comes with them, which join
/// `share`.
async fn read_page(
    session: Session<'_>,
    share: &Share,
    search: &Search,
    parts: &Parts,
    cursor: &str,
    told: &mut Option<Explanation>,
) -> Result<(Vec<SearchEntry>, Page), Error> {
    let mut page = session.search(search, (!cursor.is_empty()).then_some(cursor)).await?;
    if search.query.is_cut {
        page.next = None;
    }
    if let Some(told) = told {
        told.searched(session, &search.query, page.hits.len());
    }
    let is_alone = search.query.inside.as_ref().is_some_and(|inside| inside.alone);
    let entries = match search.query.includes.as_slice() {
        _ if is_alone => inside::of(session, share, &parts.matches, &search.query, &page.hits).await?,
        [] if parts.relevance.is_none() => bodies::of(session, share, &parts.matches, &page.hits).await?,
        includes => Box::pin(include::page(session, share, includes, parts, &page.hits)).await?,
    };
    if let Some(told) = told {
        told.read(entries.len());
    }
    Ok((entries, page))
}

/// The query of conditional criteria; unknown parameters are errors here.
pub async fn compile_criteria(
    session: Session<'_>,
    resource_type: ResourceType,
    parameters: Vec<SearchParameter>,
) -> Result<Search, Error> {
    let custom = session.parameters();
    let rests = |pair: &&SearchParameter| {
        joins(custom.as_deref(), &[resource_type], &pair.name, &pair.value)
            .is_ok_and(|joins| !joins.is_empty())
    };
    if let Some(join) = parameters.iter().find(rests) {
        let text = format!(
            "search parameter '{}': what others are found by it changes with them, so it is no criterion",
            join.name
        );
        return Err(Error::new(Code::BadParameter, text).as_issue("not-supported"));
    }
    let resource_type = resource_type.name().to_owned();
    let request = SearchRequest { resource_type, parameters, strict: true, ..Default::default() };
    compile(session, &request).await
}

/// Compiles the request, to be carried out here and on other nodes, where there are any. What is not known here may have been
/// defined on another node, or have ended there: where that matters, it is asked for.
async fn compile(session: Session<'_>, request: &SearchRequest) -> Result<Search, Error> {
    let compiled = compile_as_known(session, request).await;
    let is_certain = match &compiled {
        Ok(search) => search.query.custom.is_empty() && search.query.issues.is_empty(),
        Err(error) => !matches!(error.code, Code::BadParameter | Code::Conflict),
    };
    if is_certain || session.is_alone() {
        return compiled;
    }
    let before = session.parameters();
    session.learn().await?;
    let is_same = match (before, session.parameters()) {
        (Some(before), Some(now)) => Arc::ptr_eq(&before, &now),
        (before, now) => before.is_none() && now.is_none(),
    };
    if is_same { compiled } else { compile_as_known(session, request).await }
}

async fn compile_as_known(session: Session<'_>, request: &SearchRequest) -> Result<Search, Error> {
    let now_ms = session.clock().now_ms();
    let joined = match request.parameters.iter().any(|pair| may_join(&pair.name)) {
        true => join::resolve(session, request).await?,
        false => vec![],
    };
    let mut asked = (!session.is_alone()).then(|| Box::new(told(request, now_ms, &joined, session.base())));
    let query = compile_at(session, request, now_ms, joined, session.base()).await?;
    if let Some(asked) = &mut asked {
        asked.custom = query.custom.iter().map(|parameter| u32::from(parameter.0)).collect();
    }
    Ok(Search { query, asked })
}

/// Where it names value sets or branches of code systems, on a thread for what takes long.
async fn compile_at(
    session: Session<'_>,
    request: &SearchRequest,
    now_ms: u64,
    joined: Vec<Joined>,
    came_by: Option<&str>,
) -> Result<Query, Error> {
    let owned = |pair: &SearchParameter| (pair.name.clone(), pair.value.clone());
    let pairs: Vec<(String, String)> = request.parameters.iter().map(owned).collect();
    let resource_type = match request.resource_type.as_str() {
        "" => None,
        name => Some(draft::known_type(name)?.name()),
    };
    let compartment = (request.compartment_type.clone(), request.compartment_id.clone());
    if compartment.0.is_empty() != compartment.1.is_empty() {
        let text = "a compartment is named by its type and id: give both, or neither";
        return Err(Error::new(Code::BadRequest, text));
    }
    let (strict, came_by) = (request.strict, came_by.map(str::to_owned));
    let own = session.bases();
    let limits = session.options().search_limits.clone();
    let lists_codes = pairs.iter().any(|(name, value)| codes::are_asked_by(name, value));
    let stored = match lists_codes {
        true => codes::stored_value_sets(session, &pairs, came_by.as_deref()).await?,
        false => Vec::new(),
    };
    let (tenant, custom) = (session.tenant(), session.parameters());
    let compile = move |terminology: &dyn search::Terminology| {
        let compartment = Some((compartment.0.as_str(), compartment.1.as_str()));
        let request = Request {
            resource_type,
            parameters: &pairs,
            compartment: compartment.filter(|(name, _)| !name.is_empty()),
            strict,
            bases: own.bases(),
            came_by: came_by.as_deref(),
            joined: &joined,
            custom: custom.as_deref(),
            now_ms,
        };
        Query::compile(tenant, &request, &limits, terminology)
    };
    if !lists_codes {
        return compile(&NoTerminology).map_err(|error| session.told_how_far(error));
    }
    session.catch_up().await?;
    let definitions = session.definitions();
    let list = move || compile(&Codes { terminology: &definitions.terminology, stored: &stored });
    // The bound on threads is all it needs: a search without a caller holds no body.
    session.compute(Share::default(), list).await.map_err(|error| session.told_how_far(error))
}

fn issue(issue: &proto::error::Issue) -> Issue {
    Issue {
        severity: issue.severity.to_owned(),
        code: issue.code.to_owned(),
        diagnostics: issue.diagnostics.clone(),
        expression: issue.expression.iter().cloned().collect(),
    }
}

fn used(pair: &(String, String)) -> SearchParameter {
    SearchParameter { name: pair.0.clone(), value: pair.1.clone() }
}
