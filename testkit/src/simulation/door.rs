//! How a simulated server is asked: by messages between two runtimes of one thread, which take their time.

use crate::chaos::{Api, Failure};
use futures::future::BoxFuture;
use generator::random::Random;
use proto::api::v1 as api;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};

type Job<A> = Box<dyn FnOnce(Arc<A>) -> BoxFuture<'static, ()> + Send>;

/// Between the server, while it lives, and who asks it.
pub struct Door<A>(Arc<Mutex<State<A>>>);

struct State<A> {
    /// `None`: the server is away.
    open: Option<mpsc::UnboundedSender<Job<A>>>,
    /// It lets nobody else in.
    is_closing: bool,
    random: Random,
    /// Who waits for an answer, in the order in which they asked.
    waiting: BTreeMap<u64, oneshot::Sender<()>>,
    asked: u64,
}

impl<A> Clone for Door<A> {
    fn clone(&self) -> Self {
        Door(self.0.clone())
    }
}

impl<A: Api + 'static> Door<A> {
    pub(super) fn new(seed: u64) -> Door<A> {
        let random = Random::of(seed, u64::from_be_bytes(*b"sim door"), 0);
        Door(Arc::new(Mutex::new(State {
            open: None,
            is_closing: false,
            random,
            waiting: BTreeMap::new(),
            asked: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State<A>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Has `api` answer whoever comes, each on a task of its own.
    pub(super) async fn serve(&self, api: A) {
        let (open, mut jobs) = mpsc::unbounded_channel::<Job<A>>();
        {
            let mut state = self.state();
            (state.open, state.is_closing) = (Some(open), false);
        }
        let api = Arc::new(api);
        while let Some(job) = jobs.recv().await {
            tokio::spawn(job(api.clone()));
        }
    }

    /// The server is away; what is under way gets no answer. Told here, in order: in which order a runtime drops its tasks is
    /// another one in each run.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.open = None;
        for (_, waiting) in std::mem::take(&mut state.waiting) {
            let _ = waiting.send(());
        }
    }

    /// Hands the job in; resolves when the server has gone away. `None`: it is away already.
    fn hand_in(&self, job: Job<A>) -> Option<(u64, oneshot::Receiver<()>)> {
        let mut state = self.state();
        if state.is_closing {
            return None;
        }
        state.open.as_ref()?.send(job).ok()?;
        let (tell, gone) = oneshot::channel();
        let number = state.asked;
        state.asked += 1;
        state.waiting.insert(number, tell);
        Some((number, gone))
    }

    /// How long a message takes.
    fn way(&self) -> Duration {
        let random = &mut self.state().random;
        // Mostly quick, seldom slow enough to be overtaken by many.
        Duration::from_millis(match random.below(16) {
            0 => random.below(40),
            _ => random.below(4),
        })
    }
}

/// One who asks.
pub struct Guest<A>(Door<A>);

impl<A: Api + 'static> Guest<A> {
    pub(super) fn at(door: &Door<A>) -> Guest<A> {
        Guest(door.clone())
    }

    /// The server is away.
    pub(super) fn is_alone(&self) -> bool {
        let state = self.0.state();
        state.open.is_none() || state.is_closing
    }

    /// Has the server let nobody else in, answer who is inside, for as long as `patience` lasts, and then do `last`, for as long
    /// again. It still has to be closed.
    pub(super) async fn end(
        &self,
        patience: Duration,
        last: impl FnOnce(Arc<A>) -> BoxFuture<'static, ()> + Send + 'static,
    ) {
        let open = {
            let mut state = self.0.state();
            state.is_closing = true;
            state.open.clone()
        };
        let until = Instant::now() + patience;
        while Instant::now() < until && !self.0.state().waiting.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let (tell, told) = oneshot::channel();
        let job: Job<A> = Box::new(move |api| {
            Box::pin(async move {
                last(api).await;
                let _ = tell.send(());
            })
        });
        if open.is_some_and(|open| open.send(job).is_ok()) {
            // Where it takes longer it is ended by force.
            let _ = timeout(patience, told).await;
        }
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        call: impl FnOnce(Arc<A>) -> BoxFuture<'static, Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        tokio::time::sleep(self.0.way()).await;
        let (tell, told) = oneshot::channel();
        let job: Job<A> = Box::new(move |api| {
            Box::pin(async move {
                // Who asked may have gone.
                let _ = tell.send(call(api).await);
            })
        });
        let Some((number, gone)) = self.0.hand_in(job) else {
            return Err(Failure::Refused(None, "the server is away".to_owned()));
        };
        let answer = tokio::select! {
            biased;
            _ = gone => Err(Failure::Unknown("the server went away".to_owned())),
            answer = told => answer.unwrap_or_else(|_| Err(Failure::Unknown("the request broke".to_owned()))),
        };
        self.0.state().waiting.remove(&number);
        tokio::time::sleep(self.0.way()).await;
        answer
    }
}

macro_rules! asked {
    ($asked:ident; $($call:ident: $request:ident -> $response:ident, of the client $method:ident;)*) => {
        impl<A: $asked + $crate::chaos::Api + 'static> $asked for Guest<A> {
            $(async fn $call(&self, request: api::$request) -> Result<api::$response, Failure> {
                self.ask(move |api: Arc<A>| Box::pin(async move { api.$call(request).await })).await
            })*
        }
    };
}

pub(super) use asked;

macro_rules! asked_of_a_run {
    ($($calls:tt)*) => { asked! { Api; $($calls)* } };
}

crate::calls_of_a_run!(asked_of_a_run);
