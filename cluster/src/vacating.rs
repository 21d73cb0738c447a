//! Replicas that went elsewhere: their rows go from this node's disk, while it runs.

use crate::council::Council;
use crate::failure::{Failures, Part};
use crate::group::Group;
use crate::options::Options;
use crate::placement;
use crate::raft::Handle;
use crate::transport::Kind;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

/// After that, the leader is asked again.
const AGAIN: Duration = Duration::from_secs(5);
/// Until another node has said whether it leads and this one has no part in the group.
const ANSWER: Duration = Duration::from_secs(1);

/// What it takes.
pub(crate) struct Vacating {
    pub(crate) council: Council,
    pub(crate) groups: Vec<Arc<Group>>,
    pub(crate) options: Options,
    pub(crate) failures: Failures,
    /// Held while a group is between two runs.
    pub(crate) busy: Arc<Mutex<()>>,
}

impl Vacating {
    /// Looks for ever.
    pub(crate) async fn run(self) {
        // When each may go.
        let mut due: BTreeMap<u32, Instant> = BTreeMap::new();
        loop {
            sleep(self.options.maintenance).await;
            let placed = self.council.voters_of_all();
            for (group, voters) in self.groups.iter().zip(&placed) {
                let (number, raft) = (u32::from(group.id.0), &group.raft);
                // Who leads is to lead on until somebody else does.
                let is_left = !voters.is_empty()
                    && !voters.contains(&self.council.node_id)
                    && !raft.leads()
                    && raft.has_anything();
                if !is_left {
                    due.remove(&number);
                    continue;
                }
                let now = Instant::now();
                let at = due.entry(number).or_insert(now + self.options.left_replicas_kept);
                if now < *at {
                    continue;
                }
                *at = now + AGAIN;
                if self.is_outside(number, voters).await {
                    self.vacate(group, number, voters).await;
                }
            }
        }
    }

    async fn vacate(&self, group: &Group, number: u32, voters: &[u64]) {
        let _busy = self.busy.lock().await;
        // What it was told before was told of what ran then.
        match group.raft.vacate(self.is_outside(number, voters)).await {
            Ok(true) => {
                *group.proved.lock() = None;
                tracing::info!(group = number, "the replica went elsewhere: its rows are gone here");
            }
            Ok(false) => {}
            Err(error) => self.failures.report(Part::Partition(group.id), &error.to_string()),
        }
    }

    /// Whether the group's leader is found, and says that this node has no part in it.
    async fn is_outside(&self, number: u32, voters: &[u64]) -> bool {
        let own = Bytes::copy_from_slice(&self.council.node_id.to_le_bytes());
        for node in voters {
            let asked = self.council.ask_group(number, *node, Kind::Outside, own.clone());
            if matches!(timeout(ANSWER, asked).await, Ok(Ok(_))) {
                return true;
            }
        }
        false
    }
}

/// Whether the node that asks has no part in the group that this one leads, and is not to get one.
pub(crate) async fn is_outside(council: &Council, group: &Handle, body: &[u8]) -> bool {
    let Ok(node) = body.try_into().map(u64::from_le_bytes) else { return false };
    let Some(state) = council.meta_store.state() else { return false };
    !placement::voters(&state, group.number()).contains(&node) && group.is_outside(node).await
}
