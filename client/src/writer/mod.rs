//! Bulk writes over one bidirectional stream.

mod flight;
mod pump;

use crate::{Client, Error, Result, api, key};
use prost::Message as _;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// One write of a [`Writer`].
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// See [`Client::create`].
    Create(api::CreateRequest),
    /// See [`Client::update`].
    Update(api::UpdateRequest),
    /// See [`Client::patch`].
    Patch(api::PatchRequest),
    /// See [`Client::delete`].
    Delete(api::DeleteRequest),
    /// See [`Client::transaction`].
    Transaction(api::TransactionRequest),
}

impl Write {
    fn key(&mut self) -> &mut String {
        match self {
            Write::Create(request) => &mut request.idempotency_key,
            Write::Update(request) => &mut request.idempotency_key,
            Write::Patch(request) => &mut request.idempotency_key,
            Write::Delete(request) => &mut request.idempotency_key,
            Write::Transaction(request) => &mut request.idempotency_key,
        }
    }

    fn message(&self, sequence: u64) -> api::WriteStreamRequest {
        use api::write_stream_request::Request;
        let request = match self.clone() {
            Write::Create(request) => Request::Create(request),
            Write::Update(request) => Request::Update(request),
            Write::Patch(request) => Request::Patch(request),
            Write::Delete(request) => Request::Delete(request),
            Write::Transaction(request) => Request::Transaction(request),
        };
        api::WriteStreamRequest { sequence, request: Some(request) }
    }
}

/// The answer to a [`Write`]: `Transaction` to a transaction, `Write` to everything else.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To a write of one resource.
    Write(api::WriteResponse),
    /// To a bundle.
    Transaction(api::TransactionResponse),
}

/// Sends writes over one `WriteStream` and gives each caller the answer to its own write.
///
/// At most `in_flight` writes are unanswered at a time; further callers of [`Writer::write`] wait. A lost stream is
/// opened again and the unanswered writes are sent again with their idempotency keys (those without fail); a retryable
/// error is retried as [`crate::Retry`] says. Writes are answered, and may be applied, in any order: await one before
/// sending another that depends on it. Cheap to clone; the stream ends when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Writer {
    jobs: mpsc::UnboundedSender<Job>,
    without_keys: bool,
    message_bytes_max: usize,
    permits: Arc<Semaphore>,
}

/// A write on its way to the pump. The permit bounds the queue, so the channel itself needs no bound.
#[derive(Debug)]
struct Job {
    write: Write,
    keyed: bool,
    answer: oneshot::Sender<Result<Answer>>,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl Writer {
    pub(crate) fn start(client: Client, in_flight: usize) -> Writer {
        let (jobs, received) = mpsc::unbounded_channel();
        let in_flight = in_flight.max(1);
        let without_keys = client.carried.without_keys;
        let message_bytes_max = client.endpoints.message_bytes_max;
        tokio::spawn(pump::Pump::new(client, received, in_flight).run());
        Writer { jobs, without_keys, message_bytes_max, permits: Arc::new(Semaphore::new(in_flight)) }
    }

    /// Sends one write and waits for its answer. An empty idempotency key is filled with a random one, unless the client
    /// goes [without](Client::without_keys).
    pub async fn write(&self, mut write: Write) -> Result<Answer> {
        if !self.without_keys {
            key::fill(write.key());
        }
        let keyed = !write.key().is_empty();
        // On the stream it would end the writes of others, too.
        let bytes = write.message(u64::MAX).encoded_len();
        if bytes > self.message_bytes_max {
            return Err(Error::too_large(bytes, self.message_bytes_max));
        }
        let stopped = || Error::Protocol("the write stream has stopped".to_owned());
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| stopped())?;
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { write, keyed, answer, _permit: permit }).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}
