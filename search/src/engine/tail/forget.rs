//! Forgetting a partition or a tenant: at once where there are no segments, else with the next run that is sealed.

use super::{State, Tail};
use proto::id::{PartitionId, TenantId};
use std::sync::Arc;

/// What goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Partition(PartitionId),
    Tenant(TenantId),
}

/// What the segments have to forget.
#[derive(Clone, Debug)]
pub struct Forget {
    pub of: Of,
    /// Tells it from another one of the same.
    asked: Arc<()>,
}

impl Forget {
    fn is(&self, other: &Forget) -> bool {
        Arc::ptr_eq(&self.asked, &other.asked)
    }
}

impl Tail {
    /// Lets go of what is here of a partition and of how far it is: what is added from now on is of another life of it. What
    /// the run in work and the segments have of it goes before that gets there; `None` where there are none.
    pub fn forget(&self, partition: PartitionId) -> Option<Forget> {
        let mut state = self.state.lock();
        // How far it reached stays: rows may be lost again up to there by a crash, when some of them are in segments.
        state.applied.remove(&partition);
        state.reached_before.remove(&partition);
        self.let_go(&mut state, Of::Partition(partition))
    }

    /// Lets go of what is here of a tenant of which nothing is added any more; the rest as of a partition.
    pub fn forget_tenant(&self, tenant: TenantId) -> Option<Forget> {
        self.let_go(&mut self.state.lock(), Of::Tenant(tenant))
    }

    fn let_go(&self, state: &mut State, of: Of) -> Option<Forget> {
        state.active = Arc::new(state.active.without(of));
        self.bounds.as_ref()?;
        let forget = Forget { of, asked: Arc::default() };
        state.forgets.push(forget.clone());
        self.work.notify_one();
        Some(forget)
    }

    /// Ready when the segments have forgotten it. They do so also if nobody waits.
    pub async fn forgotten(&self, forget: &Forget) {
        loop {
            // Before it is looked again, so that nothing done in between goes unheard.
            let heard = self.forgotten.notified();
            if !self.state.lock().forgets.iter().any(|waiting| waiting.is(forget)) {
                return;
            }
            heard.await;
        }
    }
}

impl State {
    /// The segments have forgotten these.
    pub fn forgot(&mut self, done: &[Forget]) {
        self.forgets.retain(|waiting| !done.iter().any(|done| done.is(waiting)));
    }
}
