//! The runtime the Raft library runs on: tokio, with random numbers that a simulation can seed.

use openraft::{AsyncRuntime, OptionalSend};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::cell::RefCell;
use std::time::Duration;

type Tokio = openraft::TokioRuntime;

tokio::task_local! {
    /// Of a task in simulation. Each draws its own numbers, whatever others do in between.
    static NUMBERS: RefCell<SmallRng>;
}

/// Runs `work` with numbers from `seed`, and with them all tasks that start in it; without one with the system's.
pub(super) async fn seeded<F: Future>(seed: Option<u64>, work: F) -> F::Output {
    match seed {
        Some(seed) => NUMBERS.scope(RefCell::new(SmallRng::seed_from_u64(seed)), work).await,
        None => work.await,
    }
}

/// A seed drawn from the numbers of this task.
fn drawn() -> Option<u64> {
    NUMBERS.try_with(|numbers| numbers.borrow_mut().next_u64()).ok()
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Runtime(Tokio);

impl AsyncRuntime for Runtime {
    type JoinError = <Tokio as AsyncRuntime>::JoinError;
    type JoinHandle<T: OptionalSend + 'static> = <Tokio as AsyncRuntime>::JoinHandle<T>;
    type Sleep = <Tokio as AsyncRuntime>::Sleep;
    type Instant = <Tokio as AsyncRuntime>::Instant;
    type TimeoutError = <Tokio as AsyncRuntime>::TimeoutError;
    type Timeout<R, T: Future<Output = R> + OptionalSend> = <Tokio as AsyncRuntime>::Timeout<R, T>;
    // The library draws a few numbers for each term, so that making a generator each time costs nothing that counts.
    type ThreadLocalRng = SmallRng;
    type Mpsc = <Tokio as AsyncRuntime>::Mpsc;
    type Watch = <Tokio as AsyncRuntime>::Watch;
    type Oneshot = <Tokio as AsyncRuntime>::Oneshot;
    type Mutex<T: OptionalSend + 'static> = <Tokio as AsyncRuntime>::Mutex<T>;

    fn spawn<T>(future: T) -> Self::JoinHandle<T::Output>
    where
        T: Future + OptionalSend + 'static,
        T::Output: OptionalSend + 'static,
    {
        match drawn() {
            Some(seed) => Tokio::spawn(seeded(Some(seed), future)),
            None => Tokio::spawn(future),
        }
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        Tokio::sleep(duration)
    }

    fn sleep_until(deadline: Self::Instant) -> Self::Sleep {
        Tokio::sleep_until(deadline)
    }

    fn timeout<R, F: Future<Output = R> + OptionalSend>(
        duration: Duration,
        future: F,
    ) -> Self::Timeout<R, F> {
        Tokio::timeout(duration, future)
    }

    fn timeout_at<R, F: Future<Output = R> + OptionalSend>(
        deadline: Self::Instant,
        future: F,
    ) -> Self::Timeout<R, F> {
        Tokio::timeout_at(deadline, future)
    }

    fn is_panic(join_error: &Self::JoinError) -> bool {
        Tokio::is_panic(join_error)
    }

    fn thread_rng() -> SmallRng {
        SmallRng::seed_from_u64(drawn().unwrap_or_else(rand::random))
    }

    fn new(threads: usize) -> Self {
        Runtime(Tokio::new(threads))
    }

    fn block_on<F: Future<Output = T>, T>(&mut self, future: F) -> T {
        self.0.block_on(future)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn numbers(seed: Option<u64>) -> [u64; 3] {
        let own = || Runtime::thread_rng().next_u64();
        seeded(seed, async { [own(), Runtime::spawn(async move { own() }).await.unwrap(), own()] }).await
    }

    #[tokio::test]
    async fn a_seed_holds_for_all_tasks_that_start_under_it() {
        assert_eq!(numbers(Some(1)).await, numbers(Some(1)).await);
        assert_ne!(numbers(Some(1)).await, numbers(Some(2)).await);
        assert_ne!(numbers(None).await, numbers(None).await);
    }

    #[test]
    fn it_is_a_runtime_as_the_library_wants_it() {
        openraft::testing::runtime::Suite::<Runtime>::test_all();
    }
}
