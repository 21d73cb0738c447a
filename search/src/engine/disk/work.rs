//! The sealer's side of the tail: what it has to write, and when.

use crate::engine::options::Options;
use crate::engine::segments::Segments;
use crate::engine::tail::{Forget, Generation, Tail};
use crate::engine::upto::Upto;
use proto::id::PartitionId;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the sealer has to do next.
pub enum Next {
    Seal(Work),
    /// Nothing came for a while: let go of what only writing needs.
    Rest,
    Stop,
}

/// What the sealer has to write.
pub struct Work {
    /// Of these all that is in the segments goes, before the run is added.
    pub forgets: Vec<Forget>,
    pub generation: Arc<Generation>,
    /// What holds of each partition once it is written.
    pub upto: Vec<(PartitionId, Upto)>,
}

/// The work of one tail.
pub struct Queue {
    pub tail: Arc<Tail>,
    seal_after: Duration,
    /// When the run before was taken, or there was none: what is there already has come since.
    taken: Instant,
}

impl Queue {
    /// Nothing was taken yet.
    pub fn new(tail: Arc<Tail>, options: &Options) -> Self {
        Queue { tail, seal_after: options.seal_after, taken: Instant::now() }
    }

    /// Waits until a run is due, however small where something is to be forgotten, and takes it; or until nothing came for `rest_after`; without that it waits for as long
    /// as it takes, with no timer.
    pub fn take(&mut self, rest_after: Option<Duration>) -> Next {
        let tail = &self.tail;
        let mut state = tail.state.lock();
        let rest_at = rest_after.map(|after| Instant::now() + after);
        // When the active run got its first entry, or a moment before.
        let mut since = (state.active.len() > 0).then_some(self.taken);
        while state.forgets.is_empty() {
            if since.is_none() && state.active.len() > 0 {
                since = Some(Instant::now());
            }
            let due = match (since, rest_at) {
                (None, _) if state.stopping => return Next::Stop,
                (None, Some(at)) if Instant::now() >= at => {
                    self.taken = Instant::now();
                    return Next::Rest;
                }
                (None, Some(at)) => {
                    tail.work.wait_until(&mut state, at);
                    continue;
                }
                (None, None) => {
                    tail.work.wait(&mut state);
                    continue;
                }
                (Some(since), _) => since + self.seal_after,
            };
            if tail.is_large(&state.active) || state.stopping || Instant::now() >= due {
                break;
            }
            tail.work.wait_until(&mut state, due);
        }
        self.taken = Instant::now();
        let (generation, upto) = tail.cut(&mut state);
        let forgets = state.forgets.clone();
        drop(state);
        tail.room.notify_waiters();
        Next::Seal(Work { forgets, generation, upto })
    }

    /// What was taken last is done in these segments: from now on they answer for it.
    pub fn sealed(&self, work: &Work, segments: Segments) {
        let mut state = self.tail.state.lock();
        state.segments = Some(segments);
        state.sealing = None;
        state.failure = None;
        state.forgot(&work.forgets);
        drop(state);
        self.tail.forgotten.notify_waiters();
    }

    /// Keeps the reason until a run is sealed.
    pub fn failed(&self, reason: String) {
        self.tail.state.lock().failure = Some(reason);
    }

    /// Sleeps, but not past a stop. True if stopping.
    pub fn pause(&self, time: Duration) -> bool {
        let mut state = self.tail.state.lock();
        let until = Instant::now() + time;
        while !state.stopping && Instant::now() < until {
            self.tail.work.wait_until(&mut state, until);
        }
        state.stopping
    }
}
