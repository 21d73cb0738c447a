//! One call: its attempts, each with its endpoint, metadata and interceptors.

use crate::{Attempt, Client, Error, Result, endpoints::Chosen, hedge::Hedge, retry::Retry};
use futures::future::{Either, select};
use proto::{
    Slot,
    api::v1::fhir_client::FhirClient,
    metadata::{AGE, LEADER},
};
use std::{
    future::Future,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::{Instant, timeout, timeout_at};
use tonic::{Request, Response, Status, metadata::MetadataMap, transport::Channel};

/// A deadline beyond it is as good as none, and clocks and gRPC's text for it do not overflow.
const DEADLINE_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// How one RPC is called.
#[derive(Clone, Copy)]
pub(crate) struct How {
    /// The RPC, such as `Create`.
    method: &'static str,
    /// Being applied twice changes nothing: a read, or a write under a key.
    repeatable: bool,
    /// It writes nothing and has one answer.
    reads: bool,
    /// The deadline goes with it. Not with a stream, whose end it would be.
    timed: bool,
    /// Where what it is about is at home, as far as is known.
    slot: Option<Slot>,
}

impl How {
    pub(crate) fn read(method: &'static str) -> How {
        How { method, repeatable: true, reads: true, timed: true, slot: None }
    }

    pub(crate) fn write(method: &'static str, keyed: bool) -> How {
        How { repeatable: keyed, reads: false, ..How::read(method) }
    }

    /// Opening it may be repeated.
    pub(crate) fn stream(method: &'static str) -> How {
        How { timed: false, ..How::write(method, true) }
    }

    /// About what is at home there.
    pub(crate) fn at(self, slot: Option<Slot>) -> How {
        How { slot, ..self }
    }
}

/// One attempt among those of its call.
#[derive(Clone, Copy)]
pub(crate) struct Which {
    how: How,
    number: u32,
    is_hedge: bool,
    end: Option<Instant>,
}

impl Client {
    /// Sends a message until an answer is there, as the retry policy says.
    pub(crate) async fn call<Q, A, F, Fut>(&self, how: How, message: Q, send: F) -> Result<A>
    where
        Q: Clone,
        F: Fn(FhirClient<Channel>, Request<Q>) -> Fut,
        Fut: Future<Output = std::result::Result<Response<A>, Status>>,
    {
        let end = self.end();
        let hedge = self.carried.hedge.as_deref().filter(|_| how.reads);
        let is_hedged = AtomicBool::new(false);
        let (message, send, is_hedged) = (&message, &send, &is_hedged);
        if let Some(hedge) = hedge {
            hedge.earn();
        }
        self.retry
            .run(end, how.repeatable, |number| async move {
                let which = Which { how, number, is_hedge: false, end };
                match hedge {
                    // Boxed: there are two attempts in it.
                    Some(hedge) => Box::pin(self.hedged(which, hedge, is_hedged, message, send)).await,
                    None => {
                        self.attempt_at(&self.endpoints.choose(how.slot), which, message.clone(), send).await
                    }
                }
            })
            .await
    }

    /// When the last attempt of a call that begins now has to be over.
    pub(crate) fn end(&self) -> Option<Instant> {
        let retries = Some(self.retry.deadline).filter(|deadline| !deadline.is_zero());
        let shorter = retries.into_iter().chain(self.carried.deadline).min()?;
        Some(Instant::now() + shorter.min(DEADLINE_MAX))
    }

    /// Sends it once, and is over at `end`.
    pub(crate) async fn attempt<Q, A, Fut>(
        &self,
        how: How,
        end: Option<Instant>,
        message: Q,
        send: impl FnOnce(FhirClient<Channel>, Request<Q>) -> Fut,
    ) -> Result<A>
    where
        Fut: Future<Output = std::result::Result<Response<A>, Status>>,
    {
        let which = Which { how, number: 1, is_hedge: false, end };
        self.attempt_at(&self.endpoints.choose(how.slot), which, message, send).await
    }

    /// The same, and once more at another endpoint where the first says nothing for so long. The first answer that ends the call is
    /// taken, and what is still under way is given up. `is_hedged`: the call had its second attempt.
    async fn hedged<Q, A, F, Fut>(
        &self,
        which: Which,
        hedge: &Hedge,
        is_hedged: &AtomicBool,
        message: &Q,
        send: &F,
    ) -> Result<A>
    where
        Q: Clone,
        F: Fn(FhirClient<Channel>, Request<Q>) -> Fut,
        Fut: Future<Output = std::result::Result<Response<A>, Status>>,
    {
        let slot = which.how.slot;
        let chosen = self.endpoints.choose(slot);
        let mut first = pin!(self.attempt_at(&chosen, which, message.clone(), send));
        if let Ok(answer) = timeout(hedge.after, &mut first).await {
            return answer;
        }
        let beside = self.endpoints.beside(&chosen, slot).filter(|_| !is_hedged.load(Relaxed));
        let Some(beside) = beside.filter(|_| hedge.spend()) else { return first.await };
        is_hedged.store(true, Relaxed);
        let again = Which { is_hedge: true, ..which };
        let second = pin!(self.attempt_at(&beside, again, message.clone(), send));
        let (answer, other) = match select(first, second).await {
            Either::Left((answer, other)) => (answer, Either::Left(other)),
            Either::Right((answer, other)) => (answer, Either::Right(other)),
        };
        match answer {
            Err(error) if Retry::helps(&error, true) => other.await,
            answer => answer,
        }
    }

    async fn attempt_at<Q, A, Fut>(
        &self,
        chosen: &Chosen,
        which: Which,
        message: Q,
        send: impl FnOnce(FhirClient<Channel>, Request<Q>) -> Fut,
    ) -> Result<A>
    where
        Fut: Future<Output = std::result::Result<Response<A>, Status>>,
    {
        let Which { how, number, is_hedge, end } = which;
        let attempt = Attempt { method: how.method, number, is_hedge, endpoint: &chosen.endpoint.address };
        let mut request = Request::new(message);
        *request.metadata_mut() = self.carried.before(attempt)?;
        chosen.endpoint.mark(request.metadata_mut());
        let began = Instant::now();
        if let (true, Some(end)) = (how.timed, end) {
            request.set_timeout(end.saturating_duration_since(began).max(Duration::from_millis(1)));
        }
        let answered = send(chosen.endpoint.stub(), request);
        let answered = match end {
            None => Ok(answered.await),
            Some(end) => timeout_at(end, answered).await,
        };
        let answer = match answered {
            Ok(answer) => {
                let metadata = answer.as_ref().map_or_else(Status::metadata, Response::metadata);
                if let (Some(told), Some(ms)) = (&self.carried.told_age, number_in(metadata, AGE)) {
                    told(Duration::from_millis(ms));
                }
                // The node that leads what the call was about, where the one that answered does not.
                if let Some(leader) = number_in(metadata, LEADER) {
                    self.endpoints.heard(chosen, how.slot, leader);
                }
                answer.map(Response::into_inner).map_err(Error::from)
            }
            Err(_) => Err(Error::timed_out()),
        };
        self.endpoints.tell(chosen, answer.as_ref().err());
        self.carried.after(attempt, answer.as_ref().err(), began.elapsed());
        answer
    }
}

fn number_in(metadata: &MetadataMap, key: &str) -> Option<u64> {
    metadata.get(key)?.to_str().ok()?.parse().ok()
}
