//! Several endpoints of one service: which of them gets a call.

use crate::{Balance, Error, Options, Result, connect};
use proto::{Code, api::v1::fhir_client::FhirClient};
use std::{
    sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};
use tonic::transport::Channel;

const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The endpoints of a client. Never empty.
#[derive(Debug)]
pub(crate) struct Endpoints {
    all: Vec<Endpoint>,
    balance: Balance,
    /// The largest message sent.
    pub(crate) message_bytes_max: usize,
    /// Of failover: the one in use. Of round robin: how many calls went out.
    turn: AtomicUsize,
    began: Instant,
}

#[derive(Debug)]
struct Endpoint {
    address: String,
    stub: FhirClient<Channel>,
    /// Since the last answer.
    failures: AtomicU32,
    /// Left alone until then, in milliseconds since `Endpoints::began`; 0: not at all.
    paused_until: AtomicU64,
}

/// The endpoint of one attempt.
pub(crate) struct Chosen<'a> {
    endpoints: &'a Endpoints,
    at: usize,
}

impl Endpoints {
    /// # Errors
    /// No endpoint, or one that is none.
    pub(crate) fn connect<E: AsRef<str>>(
        addresses: impl IntoIterator<Item = E>,
        options: &Options,
    ) -> Result<Endpoints> {
        let endpoint = |address: E| {
            let address = address.as_ref().to_owned();
            let stub = connect::stub(&address, options)?;
            Ok(Endpoint { address, stub, failures: AtomicU32::new(0), paused_until: AtomicU64::new(0) })
        };
        let all = addresses.into_iter().map(endpoint).collect::<Result<Vec<_>>>()?;
        if all.is_empty() {
            let reason = "a client needs one endpoint at least".to_owned();
            return Err(Error::Endpoint { endpoint: String::new(), reason });
        }
        Ok(Endpoints {
            all,
            balance: options.balance,
            message_bytes_max: options.message_bytes_max,
            turn: AtomicUsize::new(0),
            began: Instant::now(),
        })
    }

    /// The endpoint of the next attempt. Where all are left alone, the one whose pause ends first.
    pub(crate) fn choose(&self) -> Chosen<'_> {
        let first = match self.balance {
            Balance::Failover => self.turn.load(Relaxed),
            Balance::RoundRobin => self.turn.fetch_add(1, Relaxed),
        };
        let now = self.now_ms();
        let in_turn = (0..self.all.len()).map(|n| first.wrapping_add(n) % self.all.len());
        let pause = |&at: &usize| self.all[at].paused_until.load(Relaxed).saturating_sub(now);
        Chosen { endpoints: self, at: in_turn.min_by_key(pause).unwrap_or_default() }
    }

    fn now_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }
}

impl Chosen<'_> {
    /// For one call.
    pub(crate) fn stub(&self) -> FhirClient<Channel> {
        self.endpoint().stub.clone()
    }

    /// As it was given.
    pub(crate) fn address(&self) -> &str {
        &self.endpoint().address
    }

    /// What came of the attempt.
    pub(crate) fn tell(&self, error: Option<&Error>) {
        let endpoint = self.endpoint();
        if !error.is_some_and(Error::is_of_the_endpoint) {
            if endpoint.failures.load(Relaxed) > 0 {
                endpoint.failures.store(0, Relaxed);
                endpoint.paused_until.store(0, Relaxed);
            }
            return;
        }
        let failures = endpoint.failures.fetch_add(1, Relaxed);
        let pause = PAUSE_FIRST.saturating_mul(1 << failures.min(10)).min(PAUSE_MAX);
        endpoint.paused_until.store(self.endpoints.now_ms() + pause.as_millis() as u64, Relaxed);
        if self.endpoints.balance == Balance::Failover {
            // Lost where another call has moved on already.
            let turn = &self.endpoints.turn;
            let next = (self.at + 1) % self.endpoints.all.len();
            let _ = turn.compare_exchange(self.at, next, Relaxed, Relaxed);
        }
    }

    fn endpoint(&self) -> &Endpoint {
        &self.endpoints.all[self.at]
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
