//! The doors of all nodes: who asks a cluster asks any of them.

use crate::{
    chaos::{
        Api,
        wire::{Call, Reply, Served, Server, Wire},
    },
    simulation::door::{Door, Guest},
};
use futures::future::BoxFuture;
use generator::random::Random;
use std::sync::{Arc, Mutex, MutexGuard};

/// Clones share them.
pub struct Doors<A>(Arc<Mutex<Vec<Door<A>>>>);

impl<A> Clone for Doors<A> {
    fn clone(&self) -> Self {
        Doors(self.0.clone())
    }
}

impl<A: Api + 'static> Doors<A> {
    pub(super) fn new() -> Doors<A> {
        Doors(Arc::default())
    }

    fn all(&self) -> MutexGuard<'_, Vec<Door<A>>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn add(&self, door: Door<A>) {
        self.all().push(door);
    }

    pub(super) fn of(&self, at: usize) -> Door<A> {
        self.all()[at].clone()
    }

    pub(super) fn guest(&self, at: usize) -> Guest<A> {
        Guest::at(&self.of(at))
    }

    /// One of the nodes that are there.
    pub fn any(&self, random: &mut Random) -> Option<Guest<A>> {
        let mut guests: Vec<_> = self.all().iter().map(Guest::at).filter(|guest| !guest.is_alone()).collect();
        match guests.len() {
            0 => None,
            some => Some(guests.swap_remove(random.below(some as u64) as usize)),
        }
    }
}

/// Asks another node each time; where none is there, none.
pub(super) struct Anyone<A> {
    doors: Doors<A>,
    random: Mutex<Random>,
}

impl<A: Api + 'static> Anyone<A> {
    pub(super) fn of(doors: Doors<A>, random: Random) -> Anyone<A> {
        Anyone { doors, random: Mutex::new(random) }
    }
}

impl<A: Api + 'static> Server for Anyone<A> {
    fn send<'a>(&'a self, wire: Wire, call: &'a Call, key: Option<&'a str>) -> BoxFuture<'a, Reply> {
        let mut random = self.random.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let guest = self.doors.any(&mut random);
        Box::pin(async move {
            match guest {
                Some(guest) => Served(guest).send(wire, call, key).await,
                None => Reply::Refused(None, "all nodes are away".to_owned()),
            }
        })
    }
}
