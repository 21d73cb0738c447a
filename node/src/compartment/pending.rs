//! Speculative state: what was proposed and is not yet known to be applied.

use super::{decide::Current, flight::Flight};
use proto::ResourceKey;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The newest proposed state of each resource of a compartment that is still in flight.
#[derive(Debug, Default)]
pub struct Pending {
    resources: FxHashMap<ResourceKey, (Arc<Flight>, Current)>,
    /// The newest proposal: one group applies in the order of proposal, so when it ended all have.
    last: Option<Arc<Flight>>,
}

impl Pending {
    /// Drops what is applied by now, and everything after a failure: fences refuse what was decided on it.
    pub fn prune(&mut self) {
        let mut failed = false;
        self.resources.retain(|_, (flight, _)| match flight.is_applied() {
            None => true,
            Some(applied) => {
                failed |= !applied;
                false
            }
        });
        if failed {
            self.resources.clear();
        }
        self.last.take_if(|last| last.is_applied().is_some());
    }

    /// The proposed state of a resource, if one is in flight, and what it rests on.
    pub fn get(&self, key: &ResourceKey) -> Option<(&Current, &Arc<Flight>)> {
        self.resources.get(key).map(|(flight, current)| (current, flight))
    }

    /// Notes what the next decisions are to be based on.
    pub fn push(&mut self, flight: &Arc<Flight>, states: impl Iterator<Item = (ResourceKey, Current)>) {
        for (key, current) in states {
            self.resources.insert(key, (flight.clone(), current));
        }
        self.last = Some(flight.clone());
    }

    /// Waits until nothing is in flight: from then on the stored rows tell everything.
    pub async fn drain(&mut self) {
        if let Some(last) = &self.last {
            last.landed().await;
        }
        self.resources.clear();
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::Witness;
    use proto::{CompartmentKey, ResourceId, TenantId, TypeCode};
    use storage::Applied;

    fn key(id: &str) -> ResourceKey {
        CompartmentKey::of(TenantId::DEFAULT, TypeCode(1), ResourceId::parse(id).unwrap()).own()
    }

    fn state(version: u64) -> Current {
        Current { version, last_updated_ms: 0, deleted: false, body: bytes::Bytes::new(), in_flight: true }
    }

    fn propose(pending: &mut Pending, states: &[(&str, u64)]) -> Arc<Flight> {
        let flight = Arc::new(Flight::default());
        pending.push(&flight, states.iter().map(|(id, version)| (key(id), state(*version))));
        flight
    }

    fn version(pending: &Pending, id: &str) -> Option<u64> {
        pending.get(&key(id)).map(|(current, _)| current.version)
    }

    #[test]
    fn what_is_applied_is_forgotten_and_the_rest_stays() {
        let mut pending = Pending::default();
        let first = propose(&mut pending, &[("a", 1)]);
        let _second = propose(&mut pending, &[("b", 1)]);
        first.ended(Ok(Applied::Done));
        pending.prune();
        assert_eq!((version(&pending, "a"), version(&pending, "b")), (None, Some(1)));
    }

    #[test]
    fn a_newer_proposal_outlives_the_older_ones_end() {
        let mut pending = Pending::default();
        let first = propose(&mut pending, &[("a", 1)]);
        let second = propose(&mut pending, &[("a", 2)]);
        first.ended(Ok(Applied::Done));
        pending.prune();
        assert_eq!(version(&pending, "a"), Some(2));
        assert!(Arc::ptr_eq(pending.get(&key("a")).unwrap().1, &second));
    }

    #[test]
    fn a_failure_voids_everything_decided_on_it() {
        let mut pending = Pending::default();
        let flight = propose(&mut pending, &[("a", 1), ("b", 1)]);
        let _later = propose(&mut pending, &[("b", 2)]);
        flight.ended(Ok(Applied::Decided { commit: false }));
        pending.prune();
        assert_eq!((version(&pending, "a"), version(&pending, "b")), (None, None));
    }

    #[tokio::test]
    async fn draining_waits_for_the_newest_proposal() {
        let mut pending = Pending::default();
        let flight = propose(&mut pending, &[("a", 1)]);
        {
            let mut drained = Box::pin(pending.drain());
            assert!(futures::poll!(&mut drained).is_pending());
            flight.ended(Ok(Applied::Done));
            drained.await;
        }
        assert_eq!(version(&pending, "a"), None);
    }
}
