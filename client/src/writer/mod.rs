//! Bulk writes over one bidirectional stream.

mod flight;
mod pump;

use crate::{Client, Error, Result, api, key};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// One write of a [`Writer`].
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    Create(api::CreateRequest),
    Update(api::UpdateRequest),
    Patch(api::PatchRequest),
    Delete(api::DeleteRequest),
    Transaction(api::TransactionRequest),
}

impl Write {
    fn fill_key(&mut self) {
        key::fill(match self {
            Write::Create(request) => &mut request.idempotency_key,
            Write::Update(request) => &mut request.idempotency_key,
            Write::Patch(request) => &mut request.idempotency_key,
            Write::Delete(request) => &mut request.idempotency_key,
            Write::Transaction(request) => &mut request.idempotency_key,
        });
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
    Write(api::WriteResponse),
    Transaction(api::TransactionResponse),
}

/// Sends writes over one `WriteStream` and gives each caller the answer to its own write.
///
/// At most `in_flight` writes are unanswered at a time; further callers of [`Writer::write`] wait. A lost stream is
/// opened again and the unanswered writes are sent again with their idempotency keys; a retryable error is
/// retried as [`crate::Retry`] says. Writes are answered, and may be applied, in any order: await one before
/// sending another that depends on it. Cheap to clone; the stream ends when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Writer {
    jobs: mpsc::UnboundedSender<Job>,
    permits: Arc<Semaphore>,
}

/// A write on its way to the pump. The permit bounds the queue, so the channel itself needs no bound.
#[derive(Debug)]
struct Job {
    write: Write,
    answer: oneshot::Sender<Result<Answer>>,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl Writer {
    pub(crate) fn start(client: Client, in_flight: usize) -> Writer {
        let (jobs, received) = mpsc::unbounded_channel();
        let in_flight = in_flight.max(1);
        tokio::spawn(pump::Pump::new(client, received, in_flight).run());
        Writer { jobs, permits: Arc::new(Semaphore::new(in_flight)) }
    }

    /// Sends one write and waits for its answer. An empty idempotency key is filled with a random one.
    pub async fn write(&self, mut write: Write) -> Result<Answer> {
        write.fill_key();
        let stopped = || Error::Protocol("the write stream has stopped".to_owned());
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| stopped())?;
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { write, answer, _permit: permit }).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}
