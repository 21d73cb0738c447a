//! Plans a transaction: what each entry comes to before anything is written.

use super::{
    Posted,
    action::{Action, Setting},
    at_entry, conditional,
    criteria::Criteria,
    identity,
    reservation::Reservation,
};
use crate::{engine::Node, service::Context, writer::Hold};
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
    pub async fn release(self, node: &Node) {
        release(node, self.reservations).await;
    }
}

/// Plans the bundle.
pub async fn plan(
    node: &Node,
    context: &Context,
    bundle: &Bundle<'_>,
    idempotency_key: &str,
) -> Result<Planned, Error> {
    let mut resolved: FxHashMap<String, String> = FxHashMap::default();
    for reference in conditional_references(bundle) {
        let target = conditional::resolve_reference(&node.inner, context, &reference).await?;
        resolved.insert(reference.into_owned(), target);
    }
    let creates = conditional_creates(node, context, bundle).await?;
    let (found, reservations) = reserve(node, context, creates).await?;
    let planned = tokio::task::block_in_place(|| {
        // A transaction must not store a reference to an entry that is not there.
        bundle.refuse_dangling().map_err(super::invalid)?;
        let identities = identity::identities(node, context.tenant, bundle, found, idempotency_key)?;
        identity::add_full_urls(bundle, &identities, &mut resolved);
        let setting = Setting { node, tenant: context.tenant, bundle, resolved: &resolved };
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
            release(node, reservations).await;
            Err(error)
        }
    }
}

async fn release(node: &Node, reservations: Vec<Reservation>) {
    join_all(reservations.into_iter().map(|reservation| reservation.release(&node.inner))).await;
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
    node: &Node,
    context: &Context,
    bundle: &Bundle<'_>,
) -> Result<BTreeMap<std::sync::Arc<str>, (usize, Criteria)>, Error> {
    let mut creates = BTreeMap::new();
    for (number, entry) in bundle.entries.iter().enumerate() {
        let text = entry.if_none_exist.as_deref().filter(|criteria| !criteria.is_empty());
        let (Method::Post, Some(text)) = (entry.method, text) else { continue };
        let Posted(resource_type) = Posted::of(entry).map_err(|error| at_entry(error, number))?;
        let criteria = Criteria::read(&node.inner, context.tenant, resource_type, text).await;
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
    node: &Node,
    context: &Context,
    creates: BTreeMap<std::sync::Arc<str>, (usize, Criteria)>,
) -> Result<Reserved, Error> {
    let mut reserved = Vec::with_capacity(creates.len());
    let mut failed = None;
    for (number, criteria) in creates.into_values() {
        match Reservation::take(&node.inner, &criteria).await {
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
        match search(node, context, &criteria).await {
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
        release(node, ended).await;
        return Err(error);
    }
    // What is found is decided: others may go on.
    release(node, ended).await;
    Ok((found, open))
}

async fn search(node: &Node, context: &Context, criteria: &Criteria) -> Result<Option<WriteResponse>, Error> {
    let Some(key) = criteria.only_match(&node.inner).await? else { return Ok(None) };
    conditional::found(&node.inner, context.tenant, criteria.resource_type(), &key).await.map(Some)
}
