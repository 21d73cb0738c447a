//! Whose turn it is, among the callers of one node, to decide on a set of criteria. They queue here, in order, before they
//! bother the log.

use parking_lot::Mutex;
use proto::TenantId;
use rustc_hash::FxHashMap;
use std::{sync::Arc, time::Duration};
use tokio::{sync::OwnedMutexGuard, time::timeout};

type Key = (TenantId, Arc<str>);
type Map = Mutex<FxHashMap<Key, Arc<tokio::sync::Mutex<()>>>>;

/// The queues of a node; one that is empty is gone.
#[derive(Debug, Default)]
pub struct Turns(Arc<Map>);

/// A caller's turn, which ends with it.
#[derive(Debug)]
pub struct Turn {
    map: Arc<Map>,
    key: Key,
    queue: Arc<tokio::sync::Mutex<()>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for the turn of the criteria with that key; `None` if it does not come in time.
    pub async fn wait(&self, tenant: TenantId, key: &Arc<str>, max: Duration) -> Option<Turn> {
        let key = (tenant, key.clone());
        let queue = self.0.lock().entry(key.clone()).or_default().clone();
        // From here on dropping it tidies up, also where the caller goes away while it waits.
        let mut turn = Turn { map: self.0.clone(), key, queue, guard: None };
        turn.guard = Some(timeout(max, turn.queue.clone().lock_owned()).await.ok()?);
        Some(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.guard = None;
        let mut map = self.map.lock();
        // The map's and this one: nobody else waits.
        if Arc::strong_count(&self.queue) == 2 {
            map.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn one_after_the_other_and_nothing_is_left_behind() {
        let turns = Turns::default();
        let key: Arc<str> = "Patient?identifier='a'".into();
        let first = turns.wait(TenantId::DEFAULT, &key, LONG).await.unwrap();
        let other = turns.wait(TenantId(2), &key, LONG).await;
        assert!(other.is_some(), "another tenant's criteria are other criteria");
        assert!(turns.wait(TenantId::DEFAULT, &key, Duration::ZERO).await.is_none());
        let mut second = Box::pin(turns.wait(TenantId::DEFAULT, &key, LONG));
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        let second = second.await;
        assert!(second.is_some());
        drop((second, other));
        assert!(turns.0.lock().is_empty());
    }

    #[tokio::test]
    async fn who_goes_away_while_waiting_leaves_nothing_behind() {
        let turns = Turns::default();
        let key: Arc<str> = "Patient?identifier='a'".into();
        let first = turns.wait(TenantId::DEFAULT, &key, LONG).await;
        let mut second = Box::pin(turns.wait(TenantId::DEFAULT, &key, LONG));
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        drop(second);
        assert!(turns.0.lock().is_empty());
    }
}
