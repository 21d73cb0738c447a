//! The supervisor of one partition's compartment actors: starts them, passivates the idle, ends them all when the
//! partition's leadership goes.

use super::{
    actor::{Arguments, Compartment, Message as CompartmentMessage},
    population::{ActorKey, Live, Population, SWEEP_INTERVAL},
};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent, concurrency::JoinHandle};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What the supervisor is asked.
pub enum Message {
    /// The compartment's actor, started if it is not there.
    Activate { key: ActorKey, reply: oneshot::Sender<ActorRef<CompartmentMessage>> },
    /// Time for passivation.
    Sweep,
    /// Leadership went, or the node stops: end all.
    StopAll,
}

/// The supervisor's fixed part.
pub struct Supervisor;

/// What it starts actors with, and those that are on their way out.
pub struct State {
    arguments: Arguments,
    population: Arc<Population>,
    stopping: FxHashMap<ActorKey, JoinHandle<()>>,
    handles: FxHashMap<ActorKey, JoinHandle<()>>,
    keys: FxHashMap<ActorId, ActorKey>,
}

impl Actor for Supervisor {
    type Msg = Message;
    type State = State;
    type Arguments = (Arguments, Arc<Population>);

    async fn pre_start(
        &self,
        myself: ActorRef<Message>,
        (arguments, population): Self::Arguments,
    ) -> Result<State, ActorProcessingErr> {
        myself.send_interval(SWEEP_INTERVAL, || Message::Sweep);
        Ok(State {
            arguments,
            population,
            stopping: FxHashMap::default(),
            handles: FxHashMap::default(),
            keys: FxHashMap::default(),
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Activate { key, reply } => {
                let actor = state.activate(&myself, key).await?;
                let _ = reply.send(actor);
            }
            Message::Sweep => {
                let idle = state.population.take_idle();
                state.passivate(idle);
            }
            Message::StopAll => {
                let all = state.population.take_all();
                state.passivate(all);
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Message>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorTerminated(cell, _, _) => state.ended(cell.get_id()),
            SupervisionEvent::ActorFailed(cell, error) => {
                tracing::error!(%error, "a compartment actor failed; it starts again with the next write");
                state.ended(cell.get_id());
            }
            _ => {}
        }
        Ok(())
    }
}

impl State {
    async fn activate(
        &mut self,
        myself: &ActorRef<Message>,
        key: ActorKey,
    ) -> Result<ActorRef<CompartmentMessage>, ActorProcessingErr> {
        // Another caller may have asked first.
        if let Some(actor) = self.population.find(&key) {
            return Ok(actor);
        }
        // Never two actors of one compartment: the old one ends before the new one starts.
        if let Some(ending) = self.stopping.remove(&key) {
            let _ = ending.await;
        }
        let overflow = self.population.take_overflow();
        self.passivate(overflow);
        let (actor, handle) =
            Actor::spawn_linked(None, Compartment, self.arguments.clone(), myself.get_cell()).await?;
        self.keys.insert(actor.get_id(), key);
        self.handles.insert(key, handle);
        self.population.insert(key, actor.clone());
        Ok(actor)
    }

    /// Two-phase stop: they are out of the directory already; what is in their mailboxes is still done.
    fn passivate(&mut self, actors: Vec<(ActorKey, Live)>) {
        for (key, live) in actors {
            let _ = live.actor.drain();
            if let Some(handle) = self.handles.remove(&key) {
                self.stopping.insert(key, handle);
            }
        }
    }

    fn ended(&mut self, id: ActorId) {
        let Some(key) = self.keys.remove(&id) else { return };
        if self.population.remove(&key, id) {
            self.handles.remove(&key);
        }
        self.stopping.remove(&key);
    }
}
