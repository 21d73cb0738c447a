//! The unanswered writes of a stream, and when which of them is due to be sent again.

use super::{Answer, Job};
use crate::{Error, Result, Retry, api};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// A write sent and not answered for good.
struct Flight {
    job: Job,
    attempts: u32,
    /// The place of the last attempt among all that were sent.
    sent: u64,
    /// An attempt may have been applied.
    doubt: bool,
    /// `None`: retries are switched off.
    give_up_at: Option<Instant>,
    /// Set while it waits to be sent again.
    due: Option<Instant>,
}

/// All of them, by sequence. Sequences are never reused within one [`super::Writer`].
pub(super) struct Flights {
    retry: Retry,
    next_sequence: u64,
    sent: u64,
    by_sequence: BTreeMap<u64, Flight>,
    due: BTreeSet<(Instant, u64)>,
}

impl Flights {
    pub(super) fn new(retry: Retry) -> Self {
        Flights { retry, next_sequence: 0, sent: 0, by_sequence: BTreeMap::new(), due: BTreeSet::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_sequence.is_empty()
    }

    /// Takes a new write; the message to send.
    pub(super) fn launch(&mut self, job: Job) -> api::WriteStreamRequest {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.sent += 1;
        let message = job.write.message(sequence);
        let deadline = self.retry.deadline;
        let give_up_at = (!deadline.is_zero()).then(|| Instant::now() + deadline);
        let flight = Flight { job, attempts: 1, sent: self.sent, doubt: false, give_up_at, due: None };
        self.by_sequence.insert(sequence, flight);
        message
    }

    /// Hands an answer to its caller, or plans the next attempt. An answer to an unknown sequence (one answered
    /// twice) is dropped.
    pub(super) fn land(&mut self, response: api::WriteStreamResponse) {
        use api::write_stream_response::Response;
        let answer = match response.response {
            Some(Response::Write(write)) => Ok(Answer::Write(write)),
            Some(Response::Transaction(transaction)) => Ok(Answer::Transaction(transaction)),
            Some(Response::Error(detail)) => Err(Error::rejected(detail)),
            None => Err(Error::Protocol("an answer without content".to_owned())),
        };
        match answer {
            Err(error) => self.fail(response.sequence, error),
            answer => self.finish(response.sequence, answer),
        }
    }

    /// The stream broke: everything unanswered failed with `error` and waits for its next attempt, or is over. An error
    /// that sending again cannot help is about the first of them: the server takes what comes after it no more.
    pub(super) fn broken(&mut self, error: &Error) {
        let unanswered = self.by_sequence.iter().filter(|(_, flight)| flight.due.is_none());
        let mut sent: Vec<(u64, u64)> =
            unanswered.map(|(&sequence, flight)| (flight.sent, sequence)).collect();
        sent.sort_unstable();
        for (position, (_, sequence)) in sent.into_iter().enumerate() {
            match position == 0 || error.retryable() {
                true => self.fail(sequence, error.clone()),
                false => self.fail(sequence, Error::cut("the stream ended with the error of another write")),
            }
        }
    }

    /// When the next message is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|&(at, _)| at)
    }

    /// The messages due by now, which count as sent.
    pub(super) fn take_due(&mut self) -> Vec<api::WriteStreamRequest> {
        let now = Instant::now();
        let mut messages = Vec::new();
        while let Some(&(at, sequence)) = self.due.first() {
            if at > now {
                break;
            }
            self.due.pop_first();
            if let Some(flight) = self.by_sequence.get_mut(&sequence) {
                self.sent += 1;
                (flight.due, flight.sent) = (None, self.sent);
                flight.attempts += 1;
                messages.push(flight.job.write.message(sequence));
            }
        }
        messages
    }

    fn fail(&mut self, sequence: u64, error: Error) {
        let Some(flight) = self.by_sequence.get_mut(&sequence) else { return };
        flight.doubt |= error.may_have_applied();
        let (true, Some(give_up_at)) = (Retry::helps(&error, flight.job.keyed), flight.give_up_at) else {
            return self.finish(sequence, Err(error));
        };
        let at = Instant::now() + self.retry.backoff(flight.attempts);
        if at >= give_up_at {
            let (attempts, may_have_applied) = (flight.attempts, flight.doubt);
            let last = Box::new(error);
            return self.finish(sequence, Err(Error::GaveUp { attempts, may_have_applied, last }));
        }
        flight.due = Some(at);
        self.due.insert((at, sequence));
    }

    fn finish(&mut self, sequence: u64, answer: Result<Answer>) {
        let Some(flight) = self.by_sequence.remove(&sequence) else { return };
        if let Some(at) = flight.due {
            self.due.remove(&(at, sequence));
        }
        // The caller may have stopped waiting; then nobody wants the answer.
        let _ = flight.job.answer.send(answer);
    }
}
