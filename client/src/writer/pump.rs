//! The task behind a [`super::Writer`]: one stream at a time, opened again after every loss.

use super::{Job, flight::Flights};
use crate::{Client, Error, Result, api, attempt::How};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

pub(super) struct Pump {
    client: Client,
    jobs: mpsc::UnboundedReceiver<Job>,
    flights: Flights,
    in_flight: usize,
}

/// One open stream.
struct Open {
    out: mpsc::Sender<api::WriteStreamRequest>,
    answers: Streaming<api::WriteStreamResponse>,
}

/// Why the pump stopped using a stream.
enum End {
    /// No callers and nothing unanswered.
    Done,
    Broken(Error),
}

impl Pump {
    pub(super) fn new(client: Client, jobs: mpsc::UnboundedReceiver<Job>, in_flight: usize) -> Self {
        let flights = Flights::new(client.retry);
        Pump { client, jobs, flights, in_flight }
    }

    pub(super) async fn run(mut self) {
        loop {
            let first = match self.next_messages().await {
                Some(messages) => messages,
                None => return,
            };
            match self.stream(first).await {
                End::Done => return,
                // The flights hold the error of their last failure; each waits out its own backoff.
                End::Broken(error) => self.flights.broken(&error),
            }
        }
    }

    /// Without a stream: waits for something to send. `None`: there never will be.
    async fn next_messages(&mut self) -> Option<Vec<api::WriteStreamRequest>> {
        let due = self.flights.next_due();
        tokio::select! {
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Some(self.flights.take_due()),
            job = self.jobs.recv(), if due.is_none() => Some(vec![self.flights.launch(job?)]),
        }
    }

    async fn stream(&mut self, first: Vec<api::WriteStreamRequest>) -> End {
        let mut open = match self.open(first).await {
            Ok(open) => open,
            Err(error) => return End::Broken(error),
        };
        let mut callers = true;
        loop {
            if !callers && self.flights.is_empty() {
                return End::Done;
            }
            let due = self.flights.next_due();
            let messages = tokio::select! {
                answer = open.answers.message() => match answer {
                    Ok(Some(answer)) => { self.flights.land(answer); continue }
                    Ok(None) => return End::Broken(Error::cut("the server ended the stream")),
                    Err(status) => return End::Broken(Error::from(status)),
                },
                job = self.jobs.recv(), if callers => match job {
                    Some(job) => vec![self.flights.launch(job)],
                    None => { callers = false; continue }
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.flights.take_due(),
            };
            for message in messages {
                // Never waits: the channel holds all that may be unanswered. Closed: the stream broke, and
                // `message()` above will tell why.
                let _ = open.out.try_send(message);
            }
        }
    }

    /// Opens a stream with the first messages already in it.
    async fn open(&self, first: Vec<api::WriteStreamRequest>) -> Result<Open> {
        // Twice: messages of before a retry may still sit in the channel while it is sent again.
        let (out, outgoing) = mpsc::channel(2 * self.in_flight.max(first.len()));
        for message in first {
            let _ = out.try_send(message);
        }
        let how = How::stream("WriteStream").at(self.client.slot("", ""));
        let outgoing = ReceiverStream::new(outgoing);
        let opened = self.client.attempt(how, self.client.end(), outgoing, |mut stub, request| async move {
            stub.write_stream(request).await
        });
        Ok(Open { out, answers: opened.await? })
    }
}
