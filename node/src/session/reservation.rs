//! The right to decide about one set of criteria: a turn among the callers of this node, and a row in the log of the
//! criteria's home partition that keeps other nodes out. The row is lost when its holder is too slow; the write that rests
//! on it names it ([`Reservation::hold`]), so that a holder that was overtaken writes nothing.

use super::Session;
use crate::{
    engine::Turn,
    error::contended,
    writer::{self, Hold},
};
use bytes::Bytes;
use proto::{Code, Error, PartitionId, Slot, TenantId, log::v1 as log};
use std::{sync::Arc, time::Duration};
use storage::Applied;
use tokio::time::Instant;

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
    /// Of the criteria with that key, decided on at that slot, which their caller knows as `told`. Waits for its turn: first on
    /// this node, then in the log. Not longer than it takes a holder that is gone to lose the row, and its successor as well.
    ///
    /// # Errors
    /// `Overloaded` where others held the criteria all the time.
    pub async fn take(
        session: Session<'_>,
        key: &Arc<str>,
        slot: Slot,
        told: &str,
    ) -> Result<Reservation, Error> {
        let until = Instant::now() + session.options().reservation_timeout * 2;
        let mut reservation = Reservation {
            tenant: session.tenant(),
            partition: session.engine.partition_of(slot),
            criteria: Bytes::copy_from_slice(key.as_bytes()),
            holder: session.engine.tokens.next(),
            _turn: session.turn(key, told).await?,
        };
        let mut pause = HELD_PAUSE_MIN;
        let mut is_unknown = false;
        loop {
            let reserved = match reservation.reserve(session).await {
                // The same once more: it does no harm twice, and nobody else would know whether it is held.
                Err(error) if error.code == Code::OutcomeUnknown && Instant::now() < until => {
                    is_unknown = true;
                    tokio::time::sleep(HELD_PAUSE_MIN).await;
                    continue;
                }
                Err(error) if is_unknown => {
                    reservation.release(session).await;
                    return Err(error);
                }
                reserved => reserved?,
            };
            match reserved {
                Applied::Done => return Ok(reservation),
                Applied::ReservationHeld { holder, .. } => {
                    if !session.engine.is_at_work(&holder).await {
                        // What a node that is gone was about to write rests on this row, and is refused.
                        reservation.void(session, holder).await?;
                        continue;
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(HELD_PAUSE_MAX);
                }
                Applied::Locked { transaction, .. } => {
                    writer::settle(session.engine, reservation.partition, reservation.tenant, &transaction)
                        .await?;
                }
                Applied::TenantEnded => return Err(crate::error::tenant_ended()),
                other => {
                    tracing::error!(?other, "a reservation answered what it cannot");
                    return Err(contended());
                }
            }
            if Instant::now() >= until {
                return Err(held_by_others(told));
            }
            reservation.holder = session.engine.tokens.next();
        }
    }

    async fn reserve(&self, session: Session<'_>) -> Result<Applied, Error> {
        let now_ms = session.clock().now_ms();
        let kind = log::command::Kind::Reserve(log::Reserve {
            criteria: self.criteria.clone(),
            holder: self.holder.clone(),
            expires_ms: now_ms + session.options().reservation_timeout.as_millis() as u64,
        });
        let command = log::Command { time_ms: now_ms, tenant: self.tenant.0, kind: Some(kind) };
        session.engine.partition(self.partition)?.propose(command).await
    }

    /// Takes the criteria from their holder.
    async fn void(&self, session: Session<'_>, holder: Bytes) -> Result<(), Error> {
        let release = log::Release { criteria: self.criteria.clone(), holder };
        let kind = Some(log::command::Kind::Release(release));
        let command = log::Command { time_ms: session.clock().now_ms(), tenant: self.tenant.0, kind };
        session.engine.partition(self.partition)?.propose(command).await.map(drop)
    }

    /// What a write names that rests on it.
    pub fn hold(&self) -> Hold {
        let release = log::Release { criteria: self.criteria.clone(), holder: self.holder.clone() };
        Hold { partition: self.partition, release }
    }

    /// Gives it back where no write did. Where nobody leads just now, it is tried again behind the answer; one that is lost all
    /// the same expires.
    pub async fn release(self, session: Session<'_>) {
        let kind = Some(log::command::Kind::Release(self.hold().release));
        let command = log::Command { time_ms: session.clock().now_ms(), tenant: self.tenant.0, kind };
        let Err(error) = give_back(session, self.partition, command.clone()).await else { return };
        if session.engine.cluster.is_alone() || !passes(&error) {
            return tracing::warn!(%error, "a reservation was not released; it expires");
        }
        let owned = session.owned();
        tokio::spawn(async move {
            let until = Instant::now() + owned.session().options().reservation_timeout;
            // Whoever waits here for the same criteria waits on: they are held.
            let held = self;
            while Instant::now() < until {
                tokio::time::sleep(HELD_PAUSE_MAX).await;
                match give_back(owned.session(), held.partition, command.clone()).await {
                    Err(error) if passes(&error) => {}
                    _ => return,
                }
            }
        });
    }
}

async fn give_back(session: Session<'_>, partition: PartitionId, command: log::Command) -> Result<(), Error> {
    session.engine.partition(partition)?.propose(command).await.map(drop)
}

fn passes(error: &Error) -> bool {
    matches!(error.code, Code::Unavailable | Code::OutcomeUnknown)
}

impl Session<'_> {
    /// The turn of the criteria with that key, which their caller knows as `told`, among the callers of this node.
    ///
    /// # Errors
    /// `Overloaded` where it does not come in time.
    pub async fn turn(self, key: &Arc<str>, told: &str) -> Result<Turn, Error> {
        let max = self.options().reservation_timeout * 2;
        let turn = self.engine.turns.wait(self.tenant(), key, max).await;
        turn.ok_or_else(|| held_by_others(told))
    }
}

fn held_by_others(criteria: &str) -> Error {
    let text = format!("others decide on '{criteria}' without a pause; send it again after a moment");
    Error::new(Code::Overloaded, text)
}
