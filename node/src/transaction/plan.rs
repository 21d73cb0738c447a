//! Plans a transaction: what each entry comes to before anything is written.

use super::{
    Posted,
    action::{Action, Setting, if_match},
    at_entry,
    identity::{self, Resolved},
    target,
    written::Written,
};
use crate::{
    draft,
    host::aside,
    interaction::conditional::{self, Criteria, Named},
    session::{Reservation, Session},
    writer::Hold,
};
use fhir::{
    bundle::{self, Bundle, Entry, Method, Target},
    definitions::ResourceType,
};
use futures::future::join_all;
use proto::{Code, Error};
use rustc_hash::FxHashMap;
use std::{borrow::Cow, collections::BTreeMap};

/// A planned transaction: an action per entry, and the reservations its conditional creates and updates rest on.
pub struct Planned {
    pub actions: Vec<Action>,
    /// Whether something is written because a version matches criteria, which may not be the current one any more.
    pub rests_on_matches: bool,
    reservations: Vec<Reservation>,
}

impl Planned {
    /// What the writes name that rest on the reservations, and give back.
    pub fn holds(&self) -> Vec<Hold> {
        self.reservations.iter().map(Reservation::hold).collect()
    }

    /// Gives all reservations back, where no write did.
    pub async fn release(self, session: Session<'_>) {
        release(session, self.reservations).await;
    }
}

/// Plans the bundle.
pub async fn plan(
    session: Session<'_>,
    bundle: &Bundle<'_>,
    idempotency_key: &str,
) -> Result<Planned, Error> {
    let references = conditional_references(bundle);
    if !references.is_empty() {
        session.catch_up().await?;
    }
    let mut named = Vec::with_capacity(references.len());
    for reference in references {
        named.push((Named::find(session, &reference).await?, reference));
    }
    let conditions = conditions(session, bundle).await?;
    let (resolved_entries, reservations) = reserve(session, bundle, conditions).await?;
    let rests_on_matches = resolved_entries.values().any(|resolved| matches!(resolved, Resolved::Match(..)));
    let planned = aside(|| {
        // A transaction must not store a reference to an entry that is not there.
        bundle.refuse_dangling().map_err(super::invalid)?;
        let identities = identity::identities(session, bundle, resolved_entries, idempotency_key)?;
        let mut resolved: FxHashMap<String, String> = FxHashMap::default();
        let written = Written::of(session, bundle, &identities, named.iter().map(|(named, _)| named))?;
        for (named, reference) in named {
            let id = written.settle(session, &named)?;
            resolved.insert(reference.into_owned(), format!("{}/{id}", named.resource_type()));
        }
        identity::add_full_urls(bundle, &identities, &mut resolved);
        let setting = Setting { session, bundle, resolved: &resolved };
        let entries = bundle.entries.iter().zip(identities).enumerate();
        entries
            .map(|(number, (entry, identity))| {
                setting.action(entry, identity).map_err(|error| at_entry(error, number))
            })
            .collect::<Result<Vec<Action>, Error>>()
    });
    match planned {
        Ok(actions) => Ok(Planned { actions, rests_on_matches, reservations }),
        Err(error) => {
            release(session, reservations).await;
            Err(error)
        }
    }
}

async fn release(session: Session<'_>, reservations: Vec<Reservation>) {
    join_all(reservations.into_iter().map(|reservation| reservation.release(session))).await;
}

fn conditional_references<'b>(bundle: &Bundle<'b>) -> Vec<Cow<'b, str>> {
    let resources = bundle.entries.iter().filter_map(|entry| entry.resource);
    let mut all: Vec<Cow<'b, str>> = resources.flat_map(bundle::conditional_references).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Of an entry.
struct Condition {
    number: usize,
    criteria: Criteria,
}

/// By the keys of the criteria: the one global order in which they are reserved.
type Conditions = BTreeMap<std::sync::Arc<str>, Condition>;

/// The criteria of every POST with ifNoneExist and of every PUT, PATCH and DELETE that names its resource by a search.
async fn conditions(session: Session<'_>, bundle: &Bundle<'_>) -> Result<Conditions, Error> {
    let mut conditions = Conditions::new();
    for (number, entry) in bundle.entries.iter().enumerate() {
        let condition = condition(entry).map_err(|error| at_entry(error, number))?;
        let Some((resource_type, text)) = condition else { continue };
        let criteria = Criteria::read(session, resource_type, &text).await;
        let criteria = criteria.map_err(|error| at_entry(error, number))?;
        let other = conditions.insert(criteria.key().clone(), Condition { number, criteria });
        if let Some(Condition { number: first, criteria }) = other {
            let text = format!(
                "this and Bundle.entry[{first}] both rest on what {resource_type} matches '{criteria}'; keep one of them"
            );
            return Err(at_entry(Error::new(Code::Invalid, text), number));
        }
    }
    Ok(conditions)
}

fn condition<'e>(entry: &'e Entry<'_>) -> Result<Option<(ResourceType, Cow<'e, str>)>, Error> {
    match entry.method {
        Method::Post => {
            let text = entry.if_none_exist.as_deref().filter(|criteria| !criteria.is_empty());
            let Some(text) = text else { return Ok(None) };
            let Posted(resource_type) = Posted::of(entry)?;
            Ok(Some((resource_type, Cow::Borrowed(text))))
        }
        Method::Put | Method::Patch | Method::Delete => match target(entry)? {
            Target::Search { resource_type: Some(name), query } => {
                Ok(Some((draft::known_type(&name)?, Cow::Owned(query))))
            }
            _ => Ok(None),
        },
        Method::Get | Method::Head => Ok(None),
    }
}

type Reserved = (FxHashMap<usize, Resolved>, Vec<Reservation>);

/// Reserves criteria in their order, then searches: what is resolved, by entry, and the reservations of the rest.
async fn reserve(
    session: Session<'_>,
    bundle: &Bundle<'_>,
    conditions: Conditions,
) -> Result<Reserved, Error> {
    let mut reserved = Vec::with_capacity(conditions.len());
    let mut failed = None;
    for Condition { number, criteria } in conditions.into_values() {
        // What only changes what is there needs none: the version that matched is fenced.
        let may_create = matches!(bundle.entries[number].method, Method::Post | Method::Put);
        let reservation = match may_create {
            true => criteria.reserve(session).await.map(Some),
            false => Ok(None),
        };
        match reservation {
            Ok(reservation) => reserved.push((number, criteria, reservation)),
            Err(error) => {
                failed = Some(at_entry(error, number));
                break;
            }
        }
    }
    let (mut resolved, mut open, mut ended) = (FxHashMap::default(), vec![], vec![]);
    for (number, criteria, reservation) in reserved {
        if failed.is_some() {
            ended.extend(reservation);
            continue;
        }
        match resolve(session, &bundle.entries[number], &criteria).await {
            Ok(None) => open.extend(reservation),
            Ok(Some(answer)) => {
                resolved.insert(number, answer);
                ended.extend(reservation);
            }
            Err(error) => {
                failed = Some(at_entry(error, number));
                ended.extend(reservation);
            }
        }
    }
    if let Some(error) = failed {
        ended.append(&mut open);
        release(session, ended).await;
        return Err(error);
    }
    // What is found is decided: others may go on.
    release(session, ended).await;
    Ok((resolved, open))
}

/// What an entry's criteria come to; `None`: it creates a resource.
async fn resolve(
    session: Session<'_>,
    entry: &Entry<'_>,
    criteria: &Criteria,
) -> Result<Option<Resolved>, Error> {
    let resource_type = criteria.resource_type();
    if entry.method == Method::Post {
        let Some(key) = criteria.only_match(session).await? else { return Ok(None) };
        return conditional::found(session, resource_type, &key)
            .await
            .map(|found| Some(Resolved::Found(found)));
    }
    match (criteria.matched(session, &if_match(entry)?).await?, entry.method) {
        (Some(found), _) => Ok(Some(Resolved::Match(resource_type, found))),
        (None, Method::Put) => Ok(None),
        (None, Method::Delete) => Ok(Some(Resolved::Found(conditional::nothing(resource_type)))),
        (None, _) => Err(criteria.no_match()),
    }
}
