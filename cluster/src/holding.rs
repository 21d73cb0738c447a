//! Whether this node's replicas are ones to answer from. Asked with each request, so it is looked at now and then beside them.

use crate::council::Council;
use crate::group::Group;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// A node whose replica was behind lets others answer for so many looks.
const BEHIND: u32 = 10;

/// What was seen last.
#[derive(Default)]
pub(crate) struct Holding {
    holds_all: AtomicBool,
    behind: AtomicU32,
}

impl Holding {
    /// Whether this node holds all groups, as was agreed and as they say themselves, and no replica was behind just now.
    pub(crate) fn holds_all(&self) -> bool {
        self.holds_all.load(Ordering::Relaxed)
    }

    /// A replica did not catch up in time.
    pub(crate) fn is_behind(&self) {
        self.behind.store(BEHIND, Ordering::Relaxed);
        self.holds_all.store(false, Ordering::Relaxed);
    }

    /// Looks once.
    pub(crate) fn look(&self, council: &Council, groups: &[Arc<Group>]) {
        let spend = |left: u32| left.checked_sub(1);
        let is_behind = self.behind.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok();
        // Who gave up its replicas is the last to hear of it from the groups, if ever.
        let holds = council.is_holder() && groups.iter().all(|group| group.votes() && !group.is_rebuilding());
        self.holds_all.store(holds && !is_behind, Ordering::Relaxed);
    }

    /// Looks for ever.
    pub(crate) async fn watch(self: Arc<Self>, council: Council, groups: Vec<Arc<Group>>) {
        loop {
            self.look(&council, &groups);
            sleep(LOOK).await;
        }
    }
}
