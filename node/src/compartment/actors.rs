//! Which compartment actors live on this node, and how a caller reaches them.

use super::{
    Batch,
    actor::{Arguments, Lease, Message, Verdict},
    supervisor::{self, Supervisor},
};
use crate::clock::Clock;
use cluster::Group;
use parking_lot::RwLock;
use proto::{Code, CompartmentKey, Error, PartitionId, TenantId};
use ractor::{Actor, ActorId, ActorRef, MessagingErr};
use rustc_hash::FxHashMap;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// One actor's name.
pub type ActorKey = (TenantId, CompartmentKey);

/// The bounds of the actor system, all from the configuration.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Live actors on the node; each costs about 8 KB.
    pub actors_max: usize,
    /// An actor not used for this long is passivated.
    pub idle: Duration,
    /// Writes waiting in mailboxes, on the whole node: mailboxes themselves are unbounded.
    pub queue_max: usize,
    /// How long a transaction may hold a compartment.
    pub lease_max: Duration,
}

/// A supervisor did not start.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StartError(#[from] ractor::SpawnErr);

/// The actors of all partitions.
pub struct Actors {
    partitions: FxHashMap<PartitionId, Handle>,
    places: Arc<Semaphore>,
    places_max: usize,
}

struct Handle {
    supervisor: ActorRef<supervisor::Message>,
    population: Arc<Population>,
}

impl Actors {
    /// Starts a supervisor for each group.
    pub async fn start(groups: &[Arc<Group>], clock: &Clock, limits: &Limits) -> Result<Actors, StartError> {
        let mut partitions = FxHashMap::default();
        let share = (limits.actors_max / groups.len().max(1)).max(1);
        for group in groups {
            let population = Arc::new(Population::new(share, limits.idle));
            let arguments =
                Arguments { group: group.clone(), clock: clock.clone(), lease_max: limits.lease_max };
            let (supervisor, _) = Actor::spawn(None, Supervisor, (arguments, population.clone())).await?;
            partitions.insert(group.id(), Handle { supervisor, population });
        }
        let places_max = limits.queue_max.min(Semaphore::MAX_PERMITS);
        Ok(Actors { partitions, places: Arc::new(Semaphore::new(places_max)), places_max })
    }

    /// Has the compartment's actor decide `batch` and propose it.
    pub async fn write(
        &self,
        partition: PartitionId,
        compartment: CompartmentKey,
        batch: Arc<Batch>,
    ) -> Result<Verdict, Error> {
        let place = self.place()?;
        let key = (batch.tenant, compartment);
        let (reply, verdict) = oneshot::channel();
        self.send(partition, key, Message::Write { batch, reply, place }).await?;
        verdict.await.map_err(|_| ended())
    }

    /// Has the compartment stand still until the lease is dropped.
    pub async fn lease(
        &self,
        partition: PartitionId,
        tenant: TenantId,
        compartment: CompartmentKey,
    ) -> Result<Lease, Error> {
        let place = self.place()?;
        let (reply, lease) = oneshot::channel();
        self.send(partition, (tenant, compartment), Message::Lease { reply, place }).await?;
        lease.await.map_err(|_| gone())
    }

    /// Ends the actors of a partition whose leadership went.
    pub fn stop(&self, partition: PartitionId) {
        if let Some(handle) = self.partitions.get(&partition) {
            let _ = handle.supervisor.cast(supervisor::Message::StopAll);
        }
    }

    /// Live actors, for the metrics.
    pub fn len(&self) -> usize {
        self.partitions.values().map(|handle| handle.population.live.read().len()).sum()
    }

    /// Messages in mailboxes, or on their way into one.
    pub fn queued(&self) -> usize {
        self.places_max - self.places.available_permits()
    }

    /// Whether no actor lives.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A place in the queue of the node. It goes into the message: mailboxes themselves are unbounded.
    fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.places.clone().try_acquire_owned().map_err(|_| overloaded())
    }

    async fn send(&self, partition: PartitionId, key: ActorKey, message: Message) -> Result<(), Error> {
        let handle = self.partitions.get(&partition).ok_or_else(gone)?;
        let mut message = message;
        for _ in 0..SEND_ATTEMPTS_MAX {
            let actor = match handle.population.find(&key) {
                Some(actor) => actor,
                None => handle.activate(key).await?,
            };
            match actor.send_message(message) {
                Ok(()) => return Ok(()),
                // It was passivated between the look-up and the send.
                Err(MessagingErr::SendErr(back)) => {
                    message = back;
                    tokio::task::yield_now().await;
                }
                Err(_) => return Err(gone()),
            }
        }
        Err(gone())
    }
}

const SEND_ATTEMPTS_MAX: usize = 16;

impl Handle {
    async fn activate(&self, key: ActorKey) -> Result<ActorRef<Message>, Error> {
        let (reply, actor) = oneshot::channel();
        self.supervisor.cast(supervisor::Message::Activate { key, reply }).map_err(|_| gone())?;
        actor.await.map_err(|_| gone())
    }
}

fn overloaded() -> Error {
    Error::new(
        Code::Overloaded,
        "too many writes are waiting on this node (actors.queue_max); send it again after a moment",
    )
}

/// The actor ended with the write in its hands.
fn ended() -> Error {
    let why = "the actor of this record ended meanwhile".to_owned();
    crate::error::propose(cluster::ProposeError::Unknown(why))
}

fn gone() -> Error {
    Error::new(Code::Unavailable, "this partition's leader is moving or the node is stopping; send it again")
}

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
    fn new(cap: usize, idle: Duration) -> Self {
        let idle_epochs = (idle.as_secs() / supervisor::SWEEP_INTERVAL.as_secs()).max(1) as u32;
        Population { live: RwLock::default(), epoch: AtomicU32::new(0), cap, idle_epochs }
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
