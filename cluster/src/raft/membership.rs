//! Who takes part in a group, and changes of that, by its leader.

use super::Handle;
use openraft::async_runtime::WatchReceiver;
use openraft::{BasicNode, ChangeMembers, Instant, ServerState};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::atomic::Ordering;

/// A group as this node sees it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Who leads, as far as is known here.
    pub leader: Option<u64>,
    /// The term that is known here.
    pub term: u64,
    /// Whose votes count. While a change is under way, of the old and the new ones.
    pub voters: BTreeSet<u64>,
    /// Who gets the entries without a vote.
    pub learners: BTreeSet<u64>,
    /// A change is under way.
    pub is_joint: bool,
    /// Entries in this node's log, since the log began.
    pub appended: u64,
    /// Entries in this node's tables.
    pub applied: u64,
    /// At the leader: entries that each other node has, where it ever told.
    pub matched: BTreeMap<u64, u64>,
    /// At the leader: who answered within a lease.
    pub living: BTreeSet<u64>,
}

impl Handle {
    /// See [`View`].
    pub(crate) fn view(&self) -> View {
        let metrics = self.raft().metrics();
        let metrics = metrics.borrow_watched();
        let count = |index: Option<u64>| index.map_or(0, |index| index + 1);
        let membership = metrics.membership_config.membership();
        let leads = metrics.state == ServerState::Leader;
        let replication = metrics.replication.iter().flatten().filter(|_| leads);
        let heartbeats = metrics.heartbeat.iter().flatten().filter(|_| leads);
        let answered = heartbeats.filter(|(_, at)| at.as_ref().is_some_and(|at| at.elapsed() < self.lease));
        View {
            leader: metrics.current_leader,
            term: metrics.current_term,
            voters: membership.voter_ids().collect(),
            learners: membership.learner_ids().collect(),
            is_joint: membership.get_joint_config().len() > 1,
            appended: count(metrics.last_log_index),
            applied: count(metrics.last_applied.as_ref().map(|id| id.index)),
            matched: replication
                .filter_map(|(node, matched)| Some((*node, count(Some(matched.as_ref()?.index)))))
                .collect(),
            living: answered.map(|(node, _)| *node).collect(),
        }
    }

    /// Has the node get the group's entries. Returns when that is committed, not when it has them.
    pub(crate) async fn add_learner(&self, node_id: u64, address: &str) -> Result<(), String> {
        let node = BasicNode { addr: address.to_owned() };
        self.raft().add_learner(node_id, node, false).await.map(drop).map_err(text)
    }

    /// Gives the votes to these nodes, which must get the group's entries already. Others that had one stay without it, or go.
    pub(crate) async fn change_voters(&self, voters: BTreeSet<u64>, keep_others: bool) -> Result<(), String> {
        self.may_have_others.store(true, Ordering::SeqCst);
        self.raft().change_membership(voters, keep_others).await.map(drop).map_err(text)
    }

    /// Ends a change that another leader began.
    pub(crate) async fn end_change(&self, keep_others: bool) -> Result<(), String> {
        let nothing = ChangeMembers::AddVoterIds(BTreeSet::new());
        self.raft().change_membership(nothing, keep_others).await.map(drop).map_err(text)
    }

    /// Takes the group's entries from these nodes, which must have no vote.
    pub(crate) async fn remove_learners(&self, nodes: BTreeSet<u64>) -> Result<(), String> {
        let change = ChangeMembers::RemoveNodes(nodes);
        self.raft().change_membership(change, true).await.map(drop).map_err(text)
    }

    /// Asks the node to lead instead. Whether it does is seen by who leads next.
    pub(crate) async fn transfer(&self, to: u64) -> Result<(), String> {
        // The library would hand over to itself, and never come back from that.
        if to == self.node_id {
            return Ok(());
        }
        self.raft().trigger().transfer_leader(to).await.map_err(text)
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}
