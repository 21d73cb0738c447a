//! The closed loop: warm-up, then a window in which operations, latencies and the CPU of both sides are counted.

use crate::{latency::Latency, usage};
use anyhow::{Context, Error, Result, bail};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Notify, task::JoinSet, time::timeout};

/// How long one row takes.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub warm_up: Duration,
    pub window: Duration,
}

/// A worker that has not come back this long after the end hangs; the row fails.
const GRACE: Duration = Duration::from_secs(30);

const WARM_UP: u8 = 0;
const WINDOW: u8 = 1;
const STOP: u8 = 2;

struct Shared {
    phase: AtomicU8,
    failed: Notify,
    checks: AtomicU64,
}

/// What a worker asks and tells.
pub struct Recorder {
    shared: Arc<Shared>,
    latency: Latency,
}

impl Recorder {
    /// Whether to begin another operation.
    pub fn proceed(&self) -> bool {
        self.phase() != STOP
    }

    /// Before the window: the place for checks that must not be timed.
    pub fn warming_up(&self) -> bool {
        self.phase() == WARM_UP
    }

    /// An operation succeeded. It counts if it ends inside the window.
    pub fn finished(&mut self, started: Instant) {
        if self.phase() == WINDOW {
            self.latency.record(started.elapsed());
        }
    }

    /// An acknowledged write was found by a search right behind it.
    pub fn checked(&self) {
        self.shared.checks.fetch_add(1, Ordering::Relaxed);
    }

    fn phase(&self) -> u8 {
        self.shared.phase.load(Ordering::Relaxed)
    }
}

/// One connection with a bounded number of operations in flight.
pub trait Worker: Send + 'static {
    /// Operates until [`Recorder::proceed`] says no. An error stops all workers and fails the row.
    fn run(self, recorder: &mut Recorder) -> impl Future<Output = Result<()>> + Send;
}

/// What the window saw.
pub struct Measured {
    pub latency: Latency,
    /// The window as it was, from the first to the last look at the clock.
    pub elapsed: Duration,
    /// Of the servers' processes; `None`: there is none.
    pub server_cpu: Option<Duration>,
    /// Of this process: the workers, and for a floor all of it.
    pub client_cpu: Duration,
    /// Searches that found the write before them; all of them did, or there is no result.
    pub checks: u64,
}

impl Measured {
    /// Operations per second.
    pub fn rate(&self) -> f64 {
        self.latency.count() as f64 / self.elapsed.as_secs_f64()
    }

    /// CPU time of one operation, microseconds.
    pub fn microseconds_per_operation(&self, cpu: Duration) -> f64 {
        cpu.as_secs_f64() * 1e6 / self.latency.count() as f64
    }
}

/// Connects `count` workers, one after the other; `connect` gets their numbers from 0.
///
/// # Errors
/// The first that cannot connect.
pub async fn fleet<W, F>(count: usize, connect: impl Fn(usize) -> F) -> Result<Vec<W>>
where
    F: Future<Output = Result<W>>,
{
    let mut workers = Vec::with_capacity(count);
    for number in 0..count {
        workers.push(connect(number).await?);
    }
    Ok(workers)
}

/// Runs all workers at once. `servers` are the processes whose CPU time is taken, together.
///
/// # Errors
/// Any error of any worker; a worker that hangs; a window without a single operation; a server that is gone.
pub async fn measure<W: Worker>(plan: &Plan, workers: Vec<W>, servers: &[u32]) -> Result<Measured> {
    let shared =
        Arc::new(Shared { phase: AtomicU8::new(WARM_UP), failed: Notify::new(), checks: AtomicU64::new(0) });
    let mut tasks = JoinSet::new();
    for worker in workers {
        tasks.spawn(work(worker, Recorder { shared: shared.clone(), latency: Latency::new()? }));
    }
    let failed_early = timeout(plan.warm_up, shared.failed.notified()).await.is_ok();
    let (from, server_before, client_before) = snapshot(servers)?;
    if !failed_early {
        shared.phase.store(WINDOW, Ordering::Relaxed);
        // Which of the two happened is told by the workers' results.
        let _ = timeout(plan.window, shared.failed.notified()).await;
    }
    shared.phase.store(STOP, Ordering::Relaxed);
    let elapsed = from.elapsed();
    let usage = snapshot(servers);
    let latency = collect(tasks).await?;
    let (_, server_after, client_after) = usage?;
    if latency.count() == 0 {
        bail!("not one operation ended within {elapsed:?}");
    }
    Ok(Measured {
        latency,
        elapsed,
        server_cpu: server_after.zip(server_before).map(|(after, before)| after.saturating_sub(before)),
        client_cpu: client_after.saturating_sub(client_before),
        checks: shared.checks.load(Ordering::Relaxed),
    })
}

async fn work<W: Worker>(worker: W, mut recorder: Recorder) -> Result<Latency> {
    let result = worker.run(&mut recorder).await;
    if result.is_err() {
        recorder.shared.phase.store(STOP, Ordering::Relaxed);
        recorder.shared.failed.notify_one();
    }
    result.map(|()| recorder.latency)
}

fn snapshot(servers: &[u32]) -> Result<(Instant, Option<Duration>, Duration)> {
    let cpu = usage::cpu_of_all(servers).context("a server is gone")?;
    Ok((Instant::now(), (!servers.is_empty()).then_some(cpu), usage::cpu(std::process::id())?))
}

async fn collect(mut tasks: JoinSet<Result<Latency>>) -> Result<Latency> {
    let mut all = Latency::new()?;
    let mut first_error: Option<Error> = None;
    let (mut errors, workers) = (0, tasks.len());
    let deadline = tokio::time::Instant::now() + GRACE;
    loop {
        let Ok(next) = tokio::time::timeout_at(deadline, tasks.join_next()).await else {
            bail!("{} of {workers} workers hang", tasks.len());
        };
        match next {
            None => break,
            Some(Ok(Ok(latency))) => all.add(&latency)?,
            Some(failed) => {
                errors += 1;
                let error = failed.map_err(Error::from).and_then(|result| result).err();
                first_error = first_error.or(error);
            }
        }
    }
    match first_error {
        None => Ok(all),
        Some(error) => Err(error.context(format!("{errors} of {workers} workers failed; the first"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { warm_up: Duration::from_millis(20), window: Duration::from_millis(100) };

    struct Yielding {
        fail_after: Option<u32>,
    }

    impl Worker for Yielding {
        async fn run(self, recorder: &mut Recorder) -> Result<()> {
            let mut left = self.fail_after;
            while recorder.proceed() {
                let started = Instant::now();
                tokio::task::yield_now().await;
                recorder.finished(started);
                left = left.map(|left| left.saturating_sub(1));
                if left == Some(0) {
                    bail!("broken on purpose");
                }
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn counts_what_ends_in_the_window() -> Result<()> {
        let workers = (0..4).map(|_| Yielding { fail_after: None }).collect();
        let measured = measure(&PLAN, workers, &[std::process::id()]).await?;
        assert!(measured.latency.count() > 4);
        assert!(measured.elapsed >= PLAN.window);
        assert!(measured.rate() > 0.0);
        assert!(measured.server_cpu.is_some());
        Ok(())
    }

    #[tokio::test]
    async fn one_error_is_fatal_and_ends_the_row_early() {
        let plan = Plan { warm_up: Duration::from_secs(600), window: Duration::from_secs(600) };
        let workers = vec![Yielding { fail_after: None }, Yielding { fail_after: Some(3) }];
        let error = measure(&plan, workers, &[]).await.err().map(|error| format!("{error:#}"));
        assert_eq!(error.as_deref(), Some("1 of 2 workers failed; the first: broken on purpose"));
    }

    #[tokio::test]
    async fn a_window_with_nothing_in_it_is_no_result() {
        assert!(measure::<Yielding>(&PLAN, vec![], &[]).await.is_err());
    }
}
