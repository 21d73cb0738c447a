//! Where the time of a write goes: wall time and number of times by step, as `salamander_step_seconds_sum{step=…}` and
//! `…_count`. Two relaxed additions a step; the sums are made when the page is asked for.

use super::page::Page;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

/// A step that runs on one thread from beginning to end, so that its wall time is its CPU time on a calm machine; and
/// `Commit`, which waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes to document, resource type and compartment.
    Parse,
    /// What `validation.level` asks of a write.
    Validate,
    /// Index values.
    Extract,
    /// The decision on speculative state, and the proposal's way into the group's queue.
    Decide,
    /// From the proposal to its application: log, fdatasync, apply, tail.
    Commit,
    /// Index values into the search tail, per applied slice of the log.
    Tail,
}

const STEPS: [(Step, &str); 6] = [
    (Step::Parse, "parse"),
    (Step::Validate, "validate"),
    (Step::Extract, "extract"),
    (Step::Decide, "decide"),
    (Step::Commit, "commit"),
    (Step::Tail, "tail"),
];

struct Clock {
    nanoseconds: AtomicU64,
    times: AtomicU64,
}

static CLOCKS: [Clock; STEPS.len()] =
    [const { Clock { nanoseconds: AtomicU64::new(0), times: AtomicU64::new(0) } }; STEPS.len()];

/// Runs `work` on the step's clock.
pub fn timed<T>(step: Step, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    ended(step, started);
    done
}

/// A step that began at `started` is over.
pub fn ended(step: Step, started: Instant) {
    let clock = &CLOCKS[step as usize];
    clock.nanoseconds.fetch_add(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
    clock.times.fetch_add(1, Ordering::Relaxed);
}

/// The sums so far.
pub(super) fn sample(page: &mut Page) {
    let mut family = page.summary("salamander_step_seconds", "Wall time of the steps of a write, by step");
    for ((_, name), clock) in STEPS.iter().zip(&CLOCKS) {
        let seconds = clock.nanoseconds.load(Ordering::Relaxed) as f64 / 1e9;
        family = family.sums(&[("step", name)], seconds, clock.times.load(Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_as_they_are_listed() {
        for (number, (step, _)) in STEPS.iter().enumerate() {
            assert_eq!(*step as usize, number);
        }
    }

    #[test]
    fn a_timed_step_is_counted() {
        let before = CLOCKS[Step::Extract as usize].times.load(Ordering::Relaxed);
        assert_eq!(timed(Step::Extract, || 7), 7);
        assert!(CLOCKS[Step::Extract as usize].times.load(Ordering::Relaxed) > before);
    }
}
