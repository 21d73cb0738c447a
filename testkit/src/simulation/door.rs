//! How a simulated server is asked: by messages between two runtimes of one thread, which take their time.

use crate::chaos::{Api, Failure};
use futures::future::BoxFuture;
use generator::random::Random;
use proto::api::v1 as api;
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

type Job<A> = Box<dyn FnOnce(Arc<A>) -> BoxFuture<'static, ()> + Send>;

/// Between the server, while it lives, and who asks it.
pub struct Door<A>(Arc<Mutex<State<A>>>);

struct State<A> {
    /// `None`: the server is away.
    open: Option<mpsc::UnboundedSender<Job<A>>>,
    random: Random,
}

impl<A> Clone for Door<A> {
    fn clone(&self) -> Self {
        Door(self.0.clone())
    }
}

impl<A: Api + 'static> Door<A> {
    pub(super) fn new(seed: u64) -> Door<A> {
        let random = Random::of(seed, u64::from_be_bytes(*b"sim door"), 0);
        Door(Arc::new(Mutex::new(State { open: None, random })))
    }

    fn state(&self) -> MutexGuard<'_, State<A>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Has `api` answer whoever comes, each on a task of its own.
    pub(super) async fn serve(&self, api: A) {
        let (open, mut jobs) = mpsc::unbounded_channel::<Job<A>>();
        self.state().open = Some(open);
        let api = Arc::new(api);
        while let Some(job) = jobs.recv().await {
            tokio::spawn(job(api.clone()));
        }
    }

    /// The server is away; what is under way gets no answer.
    pub(super) fn close(&self) {
        self.state().open = None;
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
pub(super) struct Guest<A>(Door<A>);

impl<A: Api + 'static> Guest<A> {
    pub(super) fn at(door: &Door<A>) -> Guest<A> {
        Guest(door.clone())
    }

    async fn ask<T: Send + 'static>(
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
        let sent = self.0.state().open.as_ref().is_some_and(|open| open.send(job).is_ok());
        if !sent {
            return Err(Failure::Refused(None, "the server is away".to_owned()));
        }
        let answer = told.await.map_err(|_| Failure::Unknown("the server went away".to_owned()))?;
        tokio::time::sleep(self.0.way()).await;
        answer
    }
}

macro_rules! asked {
    ($($call:ident: $request:ident -> $response:ident),* $(,)?) => {
        impl<A: Api + 'static> Api for Guest<A> {
            $(async fn $call(&self, request: api::$request) -> Result<api::$response, Failure> {
                self.ask(move |api| Box::pin(async move { api.$call(request).await })).await
            })*
        }
    };
}

asked! {
    create: CreateRequest -> WriteResponse,
    read: ReadRequest -> ReadResponse,
    vread: VReadRequest -> ReadResponse,
    update: UpdateRequest -> WriteResponse,
    patch: PatchRequest -> WriteResponse,
    delete: DeleteRequest -> WriteResponse,
    history: HistoryRequest -> HistoryResponse,
    transaction: TransactionRequest -> TransactionResponse,
    search: SearchRequest -> SearchResponse,
}
