//! What is due of a group at every heartbeat: a leader is heard, and a follower that hears its leader looks at no clock.
//!
//! The library has a clock of its own for each group, which asks twenty times a second for each whether an election or a heartbeat is due;
//! with many groups that is most of what an idle node does ([decision](../../decisions/0011-heartbeats.md)). It runs only
//! while a group may have to elect.

use super::{Raft, Types};
use openraft::async_runtime::WatchReceiver;
use openraft::raft::AppendEntriesResponse;
use openraft::{RaftMetrics, ServerState};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// When a leader was heard last. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Option<Instant>>>);

impl Heard {
    /// A leader was answered so.
    pub(super) fn answered(&self, answer: &AppendEntriesResponse<Types>) {
        // Who is no leader any more is not heard.
        if !matches!(answer, AppendEntriesResponse::HigherVote(_)) {
            *self.0.lock() = Some(Instant::now());
        }
    }

    fn is_within(&self, time: Duration) -> bool {
        self.0.lock().is_some_and(|at| at.elapsed() < time)
    }
}

/// Says that it leads, or has the library's clock run where it may have to elect within the lease.
pub(super) async fn beat(raft: &Raft, heard: &Heard, lease: Duration) {
    let (state, is_alone) = {
        let metrics = raft.metrics();
        let metrics = metrics.borrow_watched();
        (metrics.state, is_alone(&metrics))
    };
    let is_quiet = match state {
        ServerState::Leader => {
            if !is_alone {
                // An error means that the group stopped, which is reported elsewhere.
                let _ = raft.trigger().heartbeat().await;
            }
            true
        }
        // It has no vote, and so it never elects.
        ServerState::Learner => true,
        // Long before it may stand, which is a lease and half of one after it heard its leader last.
        _ => heard.is_within(lease / 2),
    };
    raft.runtime_config().tick(!is_quiet);
}

/// Whether nobody else has a replica.
fn is_alone(metrics: &RaftMetrics<Types>) -> bool {
    metrics.membership_config.membership().nodes().nth(1).is_none()
}
