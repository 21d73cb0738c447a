//! The right to decide about one set of criteria: a turn among the callers of this node, and a row in the log of the
//! criteria's home partition that keeps other nodes out. The row is lost when its holder is too slow; the write that rests
//! on it names it ([`Reservation::hold`]), so that a holder that was overtaken writes nothing.

use super::{criteria::Criteria, turns::Turn};
use crate::{
    engine::Inner,
    writer::{self, Hold},
};
use bytes::Bytes;
use proto::{Code, Error, PartitionId, TenantId, log::v1 as log};
use std::time::{Duration, Instant};
use storage::Applied;

/// Held criteria. Given back by the write that rests on them, or by [`Reservation::release`].
pub struct Reservation {
    tenant: TenantId,
    partition: PartitionId,
    criteria: Bytes,
    holder: Bytes,
    _turn: Turn,
}

/// Between two questions for criteria that another node holds: each is an entry in the log.
const HELD_PAUSE_MIN: Duration = Duration::from_millis(10);
const HELD_PAUSE_MAX: Duration = Duration::from_millis(200);

impl Reservation {
    /// Waits for its turn: first on this node, then in the log. Not longer than it takes a holder that is gone to lose the
    /// row, and its successor as well.
    ///
    /// # Errors
    /// `Overloaded` where others held the criteria all the time.
    pub async fn take(node: &Inner, criteria: &Criteria) -> Result<Reservation, Error> {
        let until = Instant::now() + node.options.reservation_timeout * 2;
        let mut reservation = Reservation {
            tenant: criteria.tenant(),
            partition: node.partition_of(criteria.slot()),
            criteria: Bytes::copy_from_slice(criteria.key().as_bytes()),
            holder: node.tokens.next(),
            _turn: turn(node, criteria).await?,
        };
        let mut pause = HELD_PAUSE_MIN;
        loop {
            match reservation.reserve(node).await? {
                Applied::Done => return Ok(reservation),
                // A holder on another node; one that is gone expires.
                Applied::ReservationHeld { .. } => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(HELD_PAUSE_MAX);
                }
                Applied::Locked { transaction, .. } => {
                    writer::settle(node, reservation.partition, reservation.tenant, &transaction).await?;
                }
                other => {
                    tracing::error!(?other, "a reservation answered what it cannot");
                    return Err(crate::interaction::contended());
                }
            }
            if Instant::now() >= until {
                return Err(held_by_others(criteria));
            }
            reservation.holder = node.tokens.next();
        }
    }

    async fn reserve(&self, node: &Inner) -> Result<Applied, Error> {
        let now_ms = node.clock.now_ms();
        let kind = log::command::Kind::Reserve(log::Reserve {
            criteria: self.criteria.clone(),
            holder: self.holder.clone(),
            expires_ms: now_ms + node.options.reservation_timeout.as_millis() as u64,
        });
        let command = log::Command { time_ms: now_ms, tenant: self.tenant.0, kind: Some(kind) };
        node.group(self.partition)?.propose(command).await.map_err(crate::error::propose)
    }

    /// What a write names that rests on it.
    pub fn hold(&self) -> Hold {
        let release = log::Release { criteria: self.criteria.clone(), holder: self.holder.clone() };
        Hold { partition: self.partition, release }
    }

    /// Gives it back where no write did. One that is lost on the way expires.
    pub async fn release(self, node: &Inner) {
        let kind = Some(log::command::Kind::Release(self.hold().release));
        let command = log::Command { time_ms: node.clock.now_ms(), tenant: self.tenant.0, kind };
        if let Ok(group) = node.group(self.partition)
            && let Err(error) = group.propose(command).await
        {
            tracing::warn!(%error, "a reservation was not released; it expires");
        }
    }
}

/// The turn of the criteria among the callers of this node.
pub async fn turn(node: &Inner, criteria: &Criteria) -> Result<Turn, Error> {
    let max = node.options.reservation_timeout * 2;
    let turn = node.turns.wait(criteria.tenant(), criteria.key(), max).await;
    turn.ok_or_else(|| held_by_others(criteria))
}

fn held_by_others(criteria: &Criteria) -> Error {
    let text = format!("others decide on '{criteria}' without a pause; send it again after a moment");
    Error::new(Code::Overloaded, text)
}
