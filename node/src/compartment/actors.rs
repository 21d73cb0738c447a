//! Which compartment actors live on this node, and how a caller reaches them.

use super::{
    Batch,
    actor::{Arguments, Lease, Message, Verdict},
    population::{ActorKey, Population},
    supervisor::{self, Supervisor},
};
use crate::clock::Clock;
use cluster::Group;
use proto::{Code, CompartmentKey, Error, PartitionId, TenantId};
use ractor::{Actor, ActorRef, MessagingErr};
use rustc_hash::FxHashMap;
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

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
        self.partitions.values().map(|handle| handle.population.len()).sum()
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
