//! A replica that went elsewhere: its log and its rows go. What stays is the vote, with the place of the last entry that was here, so that
//! this node votes as if it still had all of them, and never for itself before it has as much again.
//!
//! 1. The group stops here: nothing more is acknowledged or voted for. Only then its leader is asked whether this node has a part in it
//!    (`Handle::is_outside`): whatever is acknowledged to a leader that gives it one later comes from the next run.
//! 2. The log forgets the group, and says in the same write that tables may be left.
//! 3. The tables are cleared, what the observer has of them goes, and the log says that nothing is left.
//! 4. The group runs again, as one that never had anything.
//!
//! A crash before the second step leaves a replica as it was, one after it what the next start ends before the group runs.

use super::codec::{self, Forgotten};
use super::life::Making;
use super::log::{durable, log_state};
use super::machine::RETRY;
use super::{Handle, StoredMembership, Target};
use crate::error::Error;
use crate::threads;
use openraft::{RaftState, ReadPolicy, ServerState};
use std::sync::atomic::Ordering;
use storage::Partition;
use tokio::time::sleep;

impl Handle {
    /// The group's.
    pub(crate) fn number(&self) -> u32 {
        self.group
    }

    /// Whether there are entries or rows here.
    pub(crate) fn has_anything(&self) -> bool {
        let state = self.making.log.state(self.group);
        state.last.is_some() || state.purged.is_some() || self.target.applied().0.is_some()
    }

    /// Whether the node has no part in the group, as its leader, which this one must be, knows for certain: in no membership that
    /// is committed or may yet be, until the leader gives it a part again.
    pub(crate) async fn is_outside(&self, node: u64) -> bool {
        let raft = self.raft();
        let look = || raft.with_raft_state(move |state| membership_without(state, node));
        let Ok(before @ Some(_)) = look().await else { return false };
        // It led all the while where it leads in the same term before and after.
        let is_proved = raft.ensure_linearizable(ReadPolicy::ReadIndex).await.is_ok();
        is_proved && self.leads() && look().await.is_ok_and(|after| after == before)
    }

    /// Gives up entries and rows. `is_outside`: whether the leader says so when it is asked then. `false`: not now, and all is as it
    /// was. Must be let end.
    ///
    /// # Errors
    /// The group does not run here any more, until the next start.
    pub(crate) async fn vacate(&self, is_outside: impl Future<Output = bool>) -> Result<bool, Error> {
        // Who answers another node, or takes rows in, is let end first.
        let Ok(_closed) = self.gate.clone().try_write_owned() else { return Ok(false) };
        if self.leads() || self.is_rebuilding() || self.failure().is_some() {
            return Ok(false);
        }
        self.arriving.let_go().await;
        self.vacating.store(true, Ordering::Release);
        let last = self.life();
        last.end().await.map_err(|error| self.making.fail(error))?;
        // Rows that came just before are still taken in.
        let goes = !self.is_rebuilding() && is_outside.await;
        if goes {
            self.making.forget().await?;
        }
        let next = self.making.begin(self.lasting.clone(), self.leaving.clone()).await?;
        self.life.send_replace(next);
        self.vacating.store(false, Ordering::Release);
        Ok(goes)
    }
}

/// The term and place of the membership, where the node has no part in it and none is under way; `None` also where this node does
/// not lead.
fn membership_without(state: &RaftState<super::Types>, node: u64) -> Option<(u64, Option<super::LogId>)> {
    let committed: &StoredMembership = state.membership_state.committed();
    let effective: &StoredMembership = state.membership_state.effective();
    let membership = effective.membership();
    let is_part = membership.get_node(&node).is_some() || membership.voter_ids().any(|voter| voter == node);
    let is_settled =
        effective.log_id() == committed.log_id() && membership.get_joint_config().len() == 1 && !is_part;
    let leads = state.server_state == ServerState::Leader;
    (leads && is_settled).then(|| (state.vote_ref().leader_id.term, *effective.log_id()))
}

impl Making {
    /// Forgets entries and rows; the group must not run.
    async fn forget(&self) -> Result<(), Error> {
        let group = self.network.group;
        let Some(stored) = self.log.state(group).vote else { return Ok(()) };
        let vote = codec::decode_vote(stored).map_err(|error| self.fail(error))?;
        let logged = log_state(&*self.log, group).map_err(|error| self.fail(error))?.last_log_id;
        let before = self.forgotten()?.map(|before| before.last);
        let Some(last) = logged.max(self.target.applied().0).max(before) else { return Ok(()) };
        let vote = codec::encode_vote(&vote, Some(&Forgotten { last, clearing: true }));
        durable(|done| self.log.forget(group, vote, done)).await.map_err(|error| self.fail(error))?;
        self.end_clearing().await
    }

    /// Ends what was begun, perhaps by an earlier life of the process: the log has forgotten the group already.
    pub(super) async fn end_clearing(&self) -> Result<(), Error> {
        let (group, stored) = (self.network.group, self.log.state(self.network.group).vote);
        let (Some(stored), Some(Forgotten { last, clearing: true })) = (stored, self.forgotten()?) else {
            return Ok(());
        };
        if let Target::Partition { id, partition, observer } = &self.target {
            // Rows and what the observer has of them disagree meanwhile.
            let _showing = observer.showing();
            clear(partition).await.map_err(|error| self.fail(error))?;
            observer.vacated(*id).await.map_err(|error| self.fail(error))?;
        }
        let vote = codec::decode_vote(stored).map_err(|error| self.fail(error))?;
        let vote = codec::encode_vote(&vote, Some(&Forgotten { last, clearing: false }));
        durable(|done| self.log.save_vote(group, vote, done)).await.map_err(|error| self.fail(error))
    }
}

/// Waits while the system lacks something.
async fn clear(partition: &std::sync::Arc<Partition>) -> std::io::Result<()> {
    loop {
        let rows = partition.clone();
        match threads::beside(move || rows.clear()).await? {
            Err(error) if error.shortage().is_some() => {
                tracing::warn!(%error, "rows of a replica that went elsewhere cannot be removed yet");
            }
            done => return done.map_err(std::io::Error::other),
        }
        sleep(RETRY).await;
    }
}
