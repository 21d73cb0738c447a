//! One call: its attempts, each with its endpoint, metadata and interceptors.

use crate::{Attempt, Client, Error, Result};
use proto::api::v1::fhir_client::FhirClient;
use std::{future::Future, time::Duration};
use tokio::time::{Instant, timeout_at};
use tonic::{Request, Response, Status, transport::Channel};

/// A deadline beyond it is as good as none, and clocks and gRPC's text for it do not overflow.
const DEADLINE_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// How one RPC is called.
#[derive(Clone, Copy)]
pub(crate) struct How {
    /// The RPC, such as `Create`.
    pub(crate) method: &'static str,
    /// Being applied twice changes nothing: a read, or a write under a key.
    pub(crate) repeatable: bool,
    /// The deadline goes with it. Not with a stream, whose end it would be.
    pub(crate) timed: bool,
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
        self.retry
            .run(end, how.repeatable, |number| self.attempt(how, number, end, message.clone(), &send))
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
        number: u32,
        end: Option<Instant>,
        message: Q,
        send: impl FnOnce(FhirClient<Channel>, Request<Q>) -> Fut,
    ) -> Result<A>
    where
        Fut: Future<Output = std::result::Result<Response<A>, Status>>,
    {
        let chosen = self.endpoints.choose();
        let attempt = Attempt { method: how.method, number, endpoint: chosen.address() };
        let mut request = Request::new(message);
        *request.metadata_mut() = self.carried.before(attempt)?;
        let began = Instant::now();
        if let (true, Some(end)) = (how.timed, end) {
            request.set_timeout(end.saturating_duration_since(began).max(Duration::from_millis(1)));
        }
        let answered = send(chosen.stub(), request);
        let answered = match end {
            None => Ok(answered.await),
            Some(end) => timeout_at(end, answered).await,
        };
        let answer = match answered {
            Ok(answer) => answer.map(Response::into_inner).map_err(Error::from),
            Err(_) => Err(Error::timed_out()),
        };
        chosen.tell(answer.as_ref().err());
        self.carried.after(attempt, answer.as_ref().err(), began.elapsed());
        answer
    }
}
