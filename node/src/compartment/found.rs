//! What an op is decided on: looked up where its key says, and held against what the caller found out before.

use super::{
    decide::{Current, Op, Standing},
    flight::Flight,
};
use proto::{Error, ResourceKey, TenantId};
use std::sync::Arc;
use storage::{Lock, Partition};

/// The state of a resource where its key says.
#[derive(Debug)]
pub enum Found {
    /// Its newest version, if there is one.
    Here(Option<Current>),
    /// It moved since the caller located it.
    Gone,
    /// A prepared transaction holds it.
    Locked(Lock),
}

/// What answers rest on: proposals that may still fail.
#[derive(Debug, Default)]
pub struct Basis(Vec<Arc<Flight>>);

impl Basis {
    /// It also rests on this.
    pub fn add(&mut self, flight: &Arc<Flight>) {
        self.0.push(flight.clone());
    }

    /// Whether it rests on nothing but what is stored.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Waits until everything is committed and applied; `false`: something was not, so the answer is void.
    pub async fn stands(self) -> bool {
        for flight in self.0 {
            if !flight.stands().await {
                return false;
            }
        }
        true
    }
}

/// What the rows of `partition` say of an op whose resource is looked for under `key`: the op's own key, or that of the
/// compartment it moves from.
pub fn stored(partition: &Partition, tenant: TenantId, op: &Op, key: &ResourceKey) -> Result<Found, Error> {
    // The lock first: a transaction that is not prepared here by now was not decided either, so old rows are right.
    if let Some(lock) = lock(partition, tenant, op, key) {
        return Ok(Found::Locked(lock));
    }
    let row = partition.get(tenant, key).map_err(crate::error::storage)?;
    let elsewhere = match (&row, op.standing) {
        (Some(_), _) => false,
        (None, Standing::Known) => true,
        // It may have been given to a patient since the caller looked: then the directory says so, here.
        (None, _) if op.movable && key.is_own() => {
            let home = key.compartment.slot;
            let located = partition.locate(tenant, home, key.type_code, &key.id);
            located.map_err(crate::error::storage)?.is_some()
        }
        (None, _) => false,
    };
    Ok(match elsewhere {
        true => Found::Gone,
        false => Found::Here(row.map(|row| Current {
            version: row.version,
            last_updated_ms: row.last_updated_ms,
            deleted: row.method == storage::Method::Delete,
            body: row.body,
            in_flight: false,
        })),
    })
}

/// The prepared transaction that is about to change what was looked at. One atomic load where nothing is prepared.
fn lock(partition: &Partition, tenant: TenantId, op: &Op, key: &ResourceKey) -> Option<Lock> {
    let location = || match op.movable && key.is_own() {
        true => partition.lock_of_location(tenant, key.compartment.slot, key.type_code, &key.id),
        false => None,
    };
    partition.lock_of(tenant, key).or_else(location)
}
