//! Speculative state: what was proposed and is not yet known to be applied.

use super::decide::Current;
use proto::ResourceKey;
use rustc_hash::FxHashMap;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// How far the proposals of one actor came. Shared with the callers that wait for them: completion needs no message.
#[derive(Debug, Default)]
pub struct Progress {
    /// All proposals up to this sequence number are applied: one group applies in the order of proposal.
    done: AtomicU64,
    /// Some proposal was not applied, or nobody waited to learn; what was decided on it is void.
    failed: AtomicBool,
}

impl Progress {
    /// The proposal `sequence` was applied.
    pub fn done(&self, sequence: u64) {
        self.done.fetch_max(sequence, Ordering::Release);
    }

    /// What became of a proposal is not known or bad.
    pub fn failed(&self) {
        self.failed.store(true, Ordering::Release);
    }
}

/// The newest proposed state of each resource of a compartment that is still in flight.
#[derive(Debug, Default)]
pub struct Pending {
    resources: FxHashMap<ResourceKey, (u64, Current)>,
    sequence: u64,
    progress: Arc<Progress>,
}

impl Pending {
    /// Drops what is applied by now, and everything after a failure: fences refuse what was decided on it.
    pub fn prune(&mut self) {
        if self.progress.failed.swap(false, Ordering::AcqRel) {
            self.resources.clear();
        }
        if !self.resources.is_empty() {
            let done = self.progress.done.load(Ordering::Acquire);
            self.resources.retain(|_, (sequence, _)| *sequence > done);
        }
    }

    /// The proposed state of a resource, if one is in flight.
    pub fn get(&self, key: &ResourceKey) -> Option<&Current> {
        self.resources.get(key).map(|(_, current)| current)
    }

    /// Everything in flight, for a transaction that decides in this actor's place.
    pub fn in_flight(&self) -> FxHashMap<ResourceKey, Current> {
        self.resources.iter().map(|(key, (_, current))| (*key, current.clone())).collect()
    }

    /// Notes what the next decisions are to be based on; gives the sequence number and the handle for its end.
    pub fn push(&mut self, states: impl Iterator<Item = (ResourceKey, Current)>) -> (u64, Arc<Progress>) {
        self.sequence += 1;
        for (key, current) in states {
            self.resources.insert(key, (self.sequence, current));
        }
        (self.sequence, self.progress.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{CompartmentKey, ResourceId, TenantId, TypeCode};

    fn key(id: &str) -> ResourceKey {
        CompartmentKey::of(TenantId::DEFAULT, TypeCode(1), ResourceId::parse(id).unwrap()).own()
    }

    fn state(version: u64) -> Current {
        Current { version, last_updated_ms: 0, deleted: false, body: bytes::Bytes::new() }
    }

    #[test]
    fn what_is_applied_is_forgotten_and_the_rest_stays() {
        let mut pending = Pending::default();
        let (first, progress) = pending.push([(key("a"), state(1))].into_iter());
        let (_, _) = pending.push([(key("b"), state(1))].into_iter());
        progress.done(first);
        pending.prune();
        assert!(pending.get(&key("a")).is_none());
        assert_eq!(pending.get(&key("b")).map(|current| current.version), Some(1));
    }

    #[test]
    fn a_newer_proposal_outlives_the_older_ones_end() {
        let mut pending = Pending::default();
        let (first, progress) = pending.push([(key("a"), state(1))].into_iter());
        pending.push([(key("a"), state(2))].into_iter());
        progress.done(first);
        pending.prune();
        assert_eq!(pending.get(&key("a")).map(|current| current.version), Some(2));
    }

    #[test]
    fn a_failure_voids_everything_decided_on_it() {
        let mut pending = Pending::default();
        let (_, progress) = pending.push([(key("a"), state(1)), (key("b"), state(1))].into_iter());
        progress.failed();
        pending.prune();
        assert!(pending.in_flight().is_empty());
    }
}
