//! What an op is decided on: looked up where its key says, and held against what the caller found out before.

use super::{
    decide::{Current, Op, Standing},
    flight::Flight,
};
use crate::partition::{self, State};
use proto::{Error, ResourceKey, TenantId};
use std::sync::Arc;
use storage::Lock;

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
pub fn stored(
    partition: &storage::Partition,
    tenant: TenantId,
    op: &Op,
    key: &ResourceKey,
) -> Result<Found, Error> {
    let state = partition::state(partition, tenant, key, op.movable).map_err(crate::error::storage)?;
    Ok(found(op, state))
}

/// The same of the state that was looked up.
pub fn found(op: &Op, state: State) -> Found {
    let State { lock, row, is_listed } = state;
    if let Some(lock) = lock {
        return Found::Locked(lock);
    }
    if row.is_none() && (is_listed || op.standing == Standing::Known) {
        return Found::Gone;
    }
    Found::Here(row.map(|row| Current {
        version: row.version,
        last_updated_ms: row.last_updated_ms,
        deleted: row.method == storage::Method::Delete,
        body: row.body,
        in_flight: false,
    }))
}
