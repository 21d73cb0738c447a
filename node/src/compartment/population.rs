//! The live actors of one partition, and which of them have been idle.

use super::actor::Message;
use parking_lot::RwLock;
use proto::{CompartmentKey, TenantId};
use ractor::{ActorId, ActorRef};
use rustc_hash::FxHashMap;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// One actor's name.
pub type ActorKey = (TenantId, CompartmentKey);

/// How often the idle are looked for.
pub const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The live actors of one partition.
pub struct Population {
    live: RwLock<FxHashMap<ActorKey, Live>>,
    /// Counts sweeps: a coarse clock that costs nothing to read.
    epoch: AtomicU32,
    cap: usize,
    idle_epochs: u32,
}

/// A live actor and when it was last used.
pub struct Live {
    pub actor: ActorRef<Message>,
    used: AtomicU32,
}

impl Population {
    pub fn new(cap: usize, idle: Duration) -> Self {
        let idle_epochs = (idle.as_secs() / SWEEP_INTERVAL.as_secs()).max(1) as u32;
        Population { live: RwLock::default(), epoch: AtomicU32::new(0), cap, idle_epochs }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.live.read().len()
    }

    /// The actor, marked as used.
    pub fn find(&self, key: &ActorKey) -> Option<ActorRef<Message>> {
        let live = self.live.read();
        let found = live.get(key)?;
        found.used.store(self.epoch.load(Ordering::Relaxed), Ordering::Relaxed);
        Some(found.actor.clone())
    }

    /// A new actor.
    pub fn insert(&self, key: ActorKey, actor: ActorRef<Message>) {
        let used = AtomicU32::new(self.epoch.load(Ordering::Relaxed));
        self.live.write().insert(key, Live { actor, used });
    }

    /// Forgets an actor that ended by itself; says whether it was still listed.
    pub fn remove(&self, key: &ActorKey, id: ActorId) -> bool {
        let mut live = self.live.write();
        let listed = live.get(key).is_some_and(|found| found.actor.get_id() == id);
        if listed {
            live.remove(key);
        }
        listed
    }

    /// Takes out who was idle for too long, and has those prune that were used since the last sweep: what an actor
    /// proposed last would otherwise stay in its memory until somebody writes again.
    pub fn take_idle(&self) -> Vec<(ActorKey, Live)> {
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed) + 1;
        let horizon = epoch.saturating_sub(self.idle_epochs);
        {
            let live = self.live.read();
            if live.is_empty() {
                return vec![];
            }
            for used in live.values().filter(|live| live.used.load(Ordering::Relaxed) + 1 == epoch) {
                let _ = used.actor.send_message(Message::Prune);
            }
        }
        self.live.write().extract_if(|_, live| live.used.load(Ordering::Relaxed) < horizon).collect()
    }

    /// At the cap, takes out the least recently used tenth to make room.
    pub fn take_overflow(&self) -> Vec<(ActorKey, Live)> {
        let mut live = self.live.write();
        if live.len() < self.cap {
            return vec![];
        }
        let mut by_age: Vec<(u32, ActorKey)> =
            live.iter().map(|(key, actor)| (actor.used.load(Ordering::Relaxed), *key)).collect();
        let share = (self.cap / 10).max(1).min(by_age.len());
        by_age.select_nth_unstable(share - 1);
        by_age[..share].iter().filter_map(|(_, key)| live.remove_entry(key)).collect()
    }

    /// Takes out all.
    pub fn take_all(&self) -> Vec<(ActorKey, Live)> {
        self.live.write().drain().collect()
    }
}
