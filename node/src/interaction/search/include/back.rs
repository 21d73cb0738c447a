//! `_revinclude`: the resources that refer to others.

use super::{
    super::bodies::{Found, Show},
    ask::{Question, new_hits},
    canonical,
    known::Known,
};
use crate::session::Session;
use fhir::{
    definitions::{ParamId, ResourceType},
    index::{ReferenceText, Value, Values, custom::Set, parse_reference},
};
use proto::Error;
use search::query::{Include, escape};
use std::collections::{BTreeMap, BTreeSet};

/// By the type that refers and the parameter it does by: the types it refers to. Types are asked one by one: a search over
/// several takes longer than all of these, as the index looks for each value in each.
type Joins = BTreeMap<(ResourceType, Box<str>), BTreeSet<ResourceType>>;

/// What refers to the resources `to` by these includes, and is not on the page yet.
///
/// # Errors
/// `TooCostly` where that is more than may still come; those of searches.
pub async fn sources(
    show: Show<'_>,
    includes: &[Include],
    to: &[Found],
    known: &mut Known,
) -> Result<Vec<Found>, Error> {
    let mut all = Vec::new();
    let custom = show.session.parameters();
    for ((source, code), targets) in joins(custom.as_deref(), includes, to) {
        let to: Vec<&Found> = to.iter().filter(|found| targets.contains(&found.resource_type)).collect();
        all.append(&mut by_one(show, source, &code, &to, known).await?);
    }
    Ok(all)
}

fn joins(custom: Option<&Set>, includes: &[Include], to: &[Found]) -> Joins {
    let targets: BTreeSet<ResourceType> = to.iter().map(|found| found.resource_type).collect();
    let mut joins = Joins::new();
    for include in includes.iter().filter(|include| include.reverse) {
        let targets = targets.iter().filter(|target| include.is_to(**target));
        let targets: Vec<ResourceType> = targets.copied().collect();
        let all = include.source.is_none().then(ResourceType::all);
        for source in include.source.into_iter().chain(all.into_iter().flatten()) {
            for parameter in include.parameters(custom, source) {
                let reached = targets.iter().copied().filter(|target| parameter.targets.contains(target));
                let mut reached = reached.peekable();
                if reached.peek().is_some() {
                    joins.entry((source, (*parameter.code).into())).or_default().extend(reached);
                }
            }
        }
    }
    joins
}

async fn by_one(
    show: Show<'_>,
    source: ResourceType,
    code: &str,
    to: &[&Found],
    known: &mut Known,
) -> Result<Vec<Found>, Error> {
    let options = show.session.options();
    let places: BTreeSet<String> =
        to.iter().map(|found| format!("{}/{}", found.resource_type, found.id.as_str())).collect();
    let urls: BTreeSet<&str> = to.iter().flat_map(|found| urls(found, show.session)).collect();
    let has_urls = !urls.is_empty();
    let values = places.into_iter().chain(urls.into_iter().map(escape));
    let questions = Question::of(&[source], code, values, &options.search_limits);
    let hits = new_hits(show, questions, known).await?;
    let mut sources = Show { indexed: show.indexed || has_urls, ..show }.hits(&hits).await?;
    let custom = show.session.parameters();
    let parameter = Set::find(custom.as_deref(), source, code).map(|parameter| parameter.id);
    sources.retain(|found| (!has_urls || refers(found, parameter, to)) && known.add(found, None));
    Ok(sources)
}

/// The URLs by which it is referred to, as far as a search takes them for URLs.
fn urls<'f, 's>(found: &'f Found, session: Session<'s>) -> impl Iterator<Item = &'f str> + use<'f, 's> {
    let values = Values::trusted(&found.values);
    let has_one = canonical::types(&[found.resource_type]).next().is_some();
    let bases = session.bases();
    let is_url = move |url: &&str| match parse_reference(url, bases.bases()) {
        ReferenceText::Url { url, .. } => url.contains(':'),
        _ => false,
    };
    canonical::urls(&values).filter(move |_| has_one).filter(is_url)
}

/// Whether one of its references means one of these: a canonical may name another business version of it.
fn refers(found: &Found, parameter: Option<ParamId>, to: &[&Found]) -> bool {
    let values = Values::trusted(&found.values);
    let mut references = parameter.into_iter().flat_map(|id| values.of(id));
    references.any(|reference| match reference {
        Value::Reference { type_code, id, .. } => {
            to.iter().any(|target| target.resource_type.code() == type_code && target.id.as_str() == id)
        }
        Value::ReferenceUrl { url, version, .. } => to.iter().any(|target| {
            let values = Values::trusted(&target.values);
            canonical::urls(&values).any(|own| own == url) && canonical::is_meant(&values, version)
        }),
        _ => false,
    })
}
