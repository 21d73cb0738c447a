//! Plans a transaction: what each entry comes to before anything is written.

use super::{
    Posted,
    action::{Action, Setting},
    at_entry, identity,
};
use crate::{
    host::aside,
    interaction::conditional::{self, Criteria},
    session::{Reservation, Session},
    writer::Hold,
};
use fhir::bundle::{self, Bundle, Method};
use futures::future::join_all;
use proto::{Code, Error, api::v1::WriteResponse};
use rustc_hash::FxHashMap;
use std::{borrow::Cow, collections::BTreeMap};

/// A planned transaction: an action per entry, and the reservations its conditional creates rest on.
pub struct Planned {
    pub actions: Vec<Action>,
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
    let mut resolved: FxHashMap<String, String> = FxHashMap::default();
    let references = conditional_references(bundle);
    if !references.is_empty() {
        session.catch_up().await?;
    }
    for reference in references {
        let target = conditional::resolve_reference(session, &reference).await?;
        resolved.insert(reference.into_owned(), target);
    }
    let creates = conditional_creates(session, bundle).await?;
    let (found, reservations) = reserve(session, creates).await?;
    let planned = aside(|| {
        // A transaction must not store a reference to an entry that is not there.
        bundle.refuse_dangling().map_err(super::invalid)?;
        let identities = identity::identities(session, bundle, found, idempotency_key)?;
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
        Ok(actions) => Ok(Planned { actions, reservations }),
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

/// The criteria of every POST with ifNoneExist and the numbers of their entries, in the one global order in which they are
/// reserved.
async fn conditional_creates(
    session: Session<'_>,
    bundle: &Bundle<'_>,
) -> Result<BTreeMap<std::sync::Arc<str>, (usize, Criteria)>, Error> {
    let mut creates = BTreeMap::new();
    for (number, entry) in bundle.entries.iter().enumerate() {
        let text = entry.if_none_exist.as_deref().filter(|criteria| !criteria.is_empty());
        let (Method::Post, Some(text)) = (entry.method, text) else { continue };
        let Posted(resource_type) = Posted::of(entry).map_err(|error| at_entry(error, number))?;
        let criteria = Criteria::read(session, resource_type, text).await;
        let criteria = criteria.map_err(|error| at_entry(error, number))?;
        if let Some((first, criteria)) = creates.insert(criteria.key().clone(), (number, criteria)) {
            let text = format!(
                "this and Bundle.entry[{first}] create a {resource_type} if none exists with '{criteria}'; keep one of them"
            );
            return Err(at_entry(Error::new(Code::Invalid, text), number));
        }
    }
    Ok(creates)
}

type Reserved = (FxHashMap<usize, WriteResponse>, Vec<Reservation>);

/// Reserves all criteria in their order, then searches: the matches found, by entry, and the reservations of the rest.
async fn reserve(
    session: Session<'_>,
    creates: BTreeMap<std::sync::Arc<str>, (usize, Criteria)>,
) -> Result<Reserved, Error> {
    let mut reserved = Vec::with_capacity(creates.len());
    let mut failed = None;
    for (number, criteria) in creates.into_values() {
        match criteria.reserve(session).await {
            Ok(reservation) => reserved.push((number, criteria, reservation)),
            Err(error) => {
                failed = Some(at_entry(error, number));
                break;
            }
        }
    }
    let (mut found, mut open, mut ended) = (FxHashMap::default(), vec![], vec![]);
    for (number, criteria, reservation) in reserved {
        if failed.is_some() {
            ended.push(reservation);
            continue;
        }
        match search(session, &criteria).await {
            Ok(None) => open.push(reservation),
            Ok(Some(answer)) => {
                found.insert(number, answer);
                ended.push(reservation);
            }
            Err(error) => {
                failed = Some(at_entry(error, number));
                ended.push(reservation);
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
    Ok((found, open))
}

async fn search(session: Session<'_>, criteria: &Criteria) -> Result<Option<WriteResponse>, Error> {
    let Some(key) = criteria.only_match(session).await? else { return Ok(None) };
    conditional::found(session, criteria.resource_type(), &key).await.map(Some)
}
