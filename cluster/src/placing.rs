//! A leader's steps towards the placement of its group.

use crate::council::Council;
use crate::meta::META;
use crate::placement::{self, Leader, Step};
use crate::raft::Handle;
use crate::transport::Kind;
use bytes::Bytes;
use futures::future::join_all;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Until a step has been committed.
const STEP: Duration = Duration::from_secs(30);
/// For so long a node is left alone that was handed over to: what it could not take it is not given again and again.
const REST: Duration = Duration::from_secs(10);
/// Until somebody else leads what was handed over.
const LEAVING: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(5);
/// Until a node has said whether it would lead.
const WILLING: Duration = Duration::from_secs(1);

/// Takes a group's next steps while this node leads it, for ever.
pub(crate) async fn place(placing: Placing) {
    let mut changes = placing.council.meta_store.changes();
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

/// Leads nothing any more: hands over what others can take, and returns when they have it, or it has taken too long.
pub(crate) async fn leave(placings: Vec<Placing>) {
    placings.iter().for_each(|placing| placing.group.leave());
    join_all(placings.iter().map(Placing::leave)).await;
}

/// What placing one group needs.
pub(crate) struct Placing {
    pub number: u32,
    pub group: Handle,
    pub council: Council,
    pub pause: Duration,
    /// Whom it was handed over to, and when.
    pub tried: Mutex<BTreeMap<u64, Instant>>,
}

impl Placing {
    fn next(&self) -> Option<Step> {
        if !self.group.leads() {
            return None;
        }
        let state = self.council.meta_store.state()?;
        let is_unfit = !self.council.would_lead(&self.group);
        let leader = Leader { node: self.council.node_id, group: self.number, is_unfit };
        placement::next(&state, &self.group.view(), leader)
    }

    async fn leave(&self) {
        let Some(Step::HandOver(heirs)) = self.next() else { return };
        let left = async {
            self.hand_over(heirs).await?;
            while self.group.leads() {
                sleep(LOOK).await;
            }
            Ok::<(), String>(())
        };
        match timeout(LEAVING, left).await {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => tracing::warn!(group = self.number, reason, "not handed over"),
            Err(_) => {
                tracing::warn!(
                    group = self.number,
                    "nobody took over within {LEAVING:?}: there will be an election"
                );
            }
        }
    }

    /// Hands over to the first that would lead.
    async fn hand_over(&self, heirs: Vec<u64>) -> Result<(), String> {
        let now = Instant::now();
        for heir in heirs {
            if self.tried.lock().get(&heir).is_some_and(|tried| now < *tried + REST) {
                continue;
            }
            let asked = self.council.ask_group(self.number, heir, Kind::Willing, Bytes::new());
            if matches!(timeout(WILLING, asked).await, Ok(Ok(_))) {
                // Should this node lead again soon, that one could not.
                self.tried.lock().insert(heir, now);
                return self.group.transfer(heir).await;
            }
        }
        Ok(())
    }

    async fn take(&self, step: Step) -> Result<(), String> {
        // In the meta group who has no vote any more goes on listening.
        let keep_others = self.number == META;
        match step {
            Step::Add(node) => {
                let address = self.council.meta_store.addresses().of(node, "");
                self.group.add_learner(node, &address).await
            }
            Step::End => self.group.end_change(keep_others).await,
            Step::Vote(voters) => self.group.change_voters(voters, keep_others).await,
            Step::Remove(nodes) => self.group.remove_learners(nodes).await,
            Step::HandOver(heirs) => self.hand_over(heirs).await,
        }
    }
}
