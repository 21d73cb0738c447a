//! A leader's steps towards the placement of its group.

use crate::meta::{META, MetaStore};
use crate::placement::{self, Step};
use crate::raft::Handle;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Until a step has been committed.
const STEP: Duration = Duration::from_secs(30);

/// Takes a group's next steps while this node leads it, for ever.
pub(crate) async fn place(placing: Placing) {
    let mut changes = placing.meta_store.changes();
    loop {
        // The one, or the other.
        let _ = timeout(placing.pause, changes.changed()).await;
        while let Some(step) = placing.next() {
            tracing::info!(group = placing.number, ?step, "placing replicas");
            let taken = timeout(STEP, placing.take(step.clone())).await;
            let taken = taken.unwrap_or_else(|_| Err(format!("not agreed on within {STEP:?}")));
            if let Err(reason) = taken {
                tracing::warn!(group = placing.number, ?step, reason, "a step of placement is tried again");
                break;
            }
            if matches!(step, Step::HandOver(_)) {
                break;
            }
        }
    }
}

/// What placing one group needs.
pub(crate) struct Placing {
    pub number: u32,
    pub node_id: u64,
    pub group: Handle,
    pub meta: Handle,
    pub meta_store: Arc<MetaStore>,
    pub pause: Duration,
}

impl Placing {
    fn next(&self) -> Option<Step> {
        if !self.group.leads() {
            return None;
        }
        let state = self.meta_store.state()?;
        let chief = (self.number != META).then(|| self.meta.leader()).flatten();
        placement::next(&state, &self.group.view(), self.node_id, self.number == META, chief)
    }

    async fn take(&self, step: Step) -> Result<(), String> {
        // In the meta group who has no vote any more goes on listening.
        let keep_others = self.number == META;
        match step {
            Step::Add(node) => {
                let address = self.meta_store.addresses().of(node, "");
                self.group.add_learner(node, &address).await
            }
            Step::End => self.group.end_change(keep_others).await,
            Step::Vote(voters) => self.group.change_voters(voters, keep_others).await,
            Step::Remove(nodes) => self.group.remove_learners(nodes).await,
            Step::HandOver(to) => self.group.transfer(to).await,
        }
    }
}
