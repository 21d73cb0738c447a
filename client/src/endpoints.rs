//! The endpoints of one service: which of them gets a call.

use crate::{Balance, Error, Options, Result, endpoint::Endpoint, map::Map};
use proto::{Code, Slot, TenantId};
use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// The map is being learnt, or nobody learns it.
const NEVER: u64 = u64::MAX;

/// The endpoints of a client. Never empty.
#[derive(Debug)]
pub(crate) struct Endpoints {
    /// The caller's.
    pub(crate) given: Vec<Arc<Endpoint>>,
    balance: Balance,
    /// The largest message sent.
    pub(crate) message_bytes_max: usize,
    /// Of failover: the one in use. Of round robin: how many calls went out.
    turn: AtomicUsize,
    learns: bool,
    map: RwLock<Option<Arc<Map>>>,
    /// When the next call has the map learnt anew, in milliseconds since `began`.
    old_at: AtomicU64,
    /// Who said that it is old.
    witness: RwLock<Option<Arc<Endpoint>>>,
    /// Heard by who learns it.
    pub(crate) old: Arc<Notify>,
    began: Instant,
}

/// The endpoint of one attempt.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) endpoint: Arc<Endpoint>,
    /// Its place among the caller's, where it is one of them in its turn.
    at: Option<usize>,
}

impl Endpoints {
    /// # Errors
    /// No endpoint, or one that is none.
    pub(crate) fn connect<E: AsRef<str>>(
        addresses: impl IntoIterator<Item = E>,
        options: &Options,
    ) -> Result<Endpoints> {
        let given = |address: E| Endpoint::given(address.as_ref(), options).map(Arc::new);
        let given = addresses.into_iter().map(given).collect::<Result<Vec<_>>>()?;
        if given.is_empty() {
            let reason = "a client needs one endpoint at least".to_owned();
            return Err(Error::Endpoint { endpoint: String::new(), reason });
        }
        Ok(Endpoints {
            given,
            balance: options.balance,
            message_bytes_max: options.message_bytes_max,
            turn: AtomicUsize::new(0),
            learns: options.routing,
            map: RwLock::default(),
            old_at: AtomicU64::new(if options.routing { 0 } else { NEVER }),
            witness: RwLock::default(),
            old: Arc::default(),
            began: Instant::now(),
        })
    }

    /// The endpoint of the next attempt: of a call about a slot the leader of its partition, else another node that holds it; else, or
    /// where none of them is ready, one of the caller's in turn; where none of those is, any that is known. Where all are left alone,
    /// the one whose pause ends first.
    pub(crate) fn choose(&self, slot: Option<Slot>) -> Chosen {
        self.grow_old();
        let map = self.map();
        let holders = slot.zip(map.as_deref()).map_or(&[][..], |(slot, map)| map.holders(slot));
        if let Some(holder) = holders.iter().find(|holder| holder.is_ready()) {
            return Chosen { endpoint: holder.clone(), at: None };
        }
        self.in_turn(match self.balance {
            Balance::Failover => self.turn.load(Relaxed),
            Balance::RoundRobin => self.turn.fetch_add(1, Relaxed),
        })
    }

    fn in_turn(&self, first: usize) -> Chosen {
        let map = self.map();
        let turns = (0..self.given.len()).map(|n| first.wrapping_add(n) % self.given.len());
        let given = turns.map(|at| Chosen { endpoint: self.given[at].clone(), at: Some(at) });
        let nodes = map.iter().flat_map(|map| &map.nodes);
        let all = given.chain(nodes.map(|node| Chosen { endpoint: node.clone(), at: None }));
        // Of equals the first.
        let best = all.min_by_key(|chosen| chosen.endpoint.reluctance());
        best.unwrap_or_else(|| Chosen { endpoint: self.given[0].clone(), at: Some(0) })
    }

    /// Another one that is ready, for the same call.
    pub(crate) fn beside(&self, chosen: &Chosen, slot: Option<Slot>) -> Option<Chosen> {
        let map = self.map();
        let holders = slot.zip(map.as_deref()).map_or(&[][..], |(slot, map)| map.holders(slot));
        let nodes = map.iter().flat_map(|map| &map.nodes);
        let all = holders.iter().chain(&self.given).chain(nodes);
        let ready = |other: &&Arc<Endpoint>| !Arc::ptr_eq(other, &chosen.endpoint) && other.is_ready();
        Some(Chosen { endpoint: all.into_iter().find(ready)?.clone(), at: None })
    }

    /// What came of the attempt.
    pub(crate) fn tell(&self, chosen: &Chosen, error: Option<&Error>) {
        let Some(error) = error.filter(|error| error.is_of_the_endpoint()) else {
            return chosen.endpoint.answers();
        };
        let is_doubtful = matches!(error, Error::Transport { .. }) || chosen.endpoint.is_told();
        chosen.endpoint.fails(self.learns && is_doubtful);
        if let (Balance::Failover, Some(at)) = (self.balance, chosen.at) {
            // Lost where another call has moved on already.
            let next = (at + 1) % self.given.len();
            let _ = self.turn.compare_exchange(at, next, Relaxed, Relaxed);
        }
        self.is_old();
    }

    /// The endpoint says that this node leads the slot's partition.
    pub(crate) fn heard(&self, chosen: &Chosen, slot: Option<Slot>, leader: u64) {
        let (Some(slot), Some(map)) = (slot, self.map()) else { return };
        if map.leader(slot) != leader {
            *self.witness.write().unwrap_or_else(PoisonError::into_inner) = Some(chosen.endpoint.clone());
            self.is_old();
        }
    }

    /// The home slot of a resource, as soon as there is a map.
    pub(crate) fn slot(&self, tenant: Option<TenantId>, resource_type: &str, id: &str) -> Option<Slot> {
        match id.is_empty() {
            true => None,
            false => self.map()?.slot(tenant, resource_type, id),
        }
    }

    /// Who is asked first for what is in the slot.
    pub(crate) fn leader(&self, slot: Slot) -> Option<Arc<Endpoint>> {
        self.map()?.holders(slot).first().cloned()
    }

    fn map(&self) -> Option<Arc<Map>> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn now_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    /// Has the map learnt, once, where its time is over.
    fn grow_old(&self) {
        let old_at = self.old_at.load(Relaxed);
        if old_at != NEVER && self.now_ms() >= old_at {
            self.is_old();
        }
    }

    fn is_old(&self) {
        if self.learns && self.old_at.swap(NEVER, Relaxed) != NEVER {
            self.old.notify_one();
        }
    }
}

/// Of who learns the map.
impl Endpoints {
    pub(crate) fn set_map(&self, map: Option<Map>) {
        *self.map.write().unwrap_or_else(PoisonError::into_inner) = map.map(Arc::new);
    }

    /// From then on the next call has it learnt again.
    pub(crate) fn is_learnt(&self, good_for: Duration) {
        self.old_at.store(self.now_ms() + good_for.as_millis() as u64, Relaxed);
    }

    /// Whom to ask for it: who said that the last one is old, else whoever is next; that is nobody's turn.
    pub(crate) fn adviser(&self) -> Chosen {
        let witness = self.witness.write().unwrap_or_else(PoisonError::into_inner).take();
        let witness = witness.map(|endpoint| Chosen { endpoint, at: None });
        witness.unwrap_or_else(|| self.in_turn(self.turn.load(Relaxed)))
    }
}

impl Drop for Endpoints {
    fn drop(&mut self) {
        // Who learns ends, too.
        self.old.notify_one();
    }
}

impl Error {
    /// Whether another endpoint may do better: this one did not answer, or cannot.
    fn is_of_the_endpoint(&self) -> bool {
        match self {
            Error::Transport { .. } => true,
            Error::Rejected { .. } => {
                matches!(self.code(), Some(Code::Unavailable | Code::OutcomeUnknown))
            }
            _ => false,
        }
    }
}
