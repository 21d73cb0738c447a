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
