//! A worker over `WriteStream`: one stream on one connection with a fixed number of creates in flight.

use super::{
    grpc::{connect, create_request, expect_created, must_find},
    is_sampled,
};
use crate::{
    measure::{Recorder, Worker},
    observation::{Draft, Observations},
};
use anyhow::{Context, Result, bail};
use proto::api::v1::{
    WriteStreamRequest, WriteStreamResponse, fhir_client::FhirClient, write_stream_request::Request,
    write_stream_response::Response,
};
use std::{sync::Arc, time::Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

/// A new create is sent for every answer.
pub struct Create {
    client: FhirClient<Channel>,
    observations: Arc<Observations>,
    in_flight: usize,
    checks: bool,
}

impl Create {
    /// Connects. `in_flight` creates are under way all the time.
    ///
    /// # Errors
    /// The server is not there.
    pub async fn connect(
        url: &str,
        observations: Arc<Observations>,
        in_flight: usize,
        checks: bool,
    ) -> Result<Create> {
        let client = connect(url).await?;
        Ok(Create { client, observations, in_flight, checks })
    }
}

/// What is under way, by `sequence` modulo their number.
struct Slots {
    requests: mpsc::Sender<WriteStreamRequest>,
    observations: Arc<Observations>,
    under_way: Vec<Option<(Instant, Draft)>>,
    sequence: u64,
}

impl Slots {
    fn send(&mut self, slot: usize) -> Result<()> {
        let draft = self.observations.draft();
        let sequence = self.sequence * self.under_way.len() as u64 + slot as u64;
        self.sequence += 1;
        let request = WriteStreamRequest { sequence, request: Some(Request::Create(create_request(&draft))) };
        self.under_way[slot] = Some((Instant::now(), draft));
        // The channel holds as many as there are slots, so there is always room.
        self.requests.try_send(request).context("the stream was closed")
    }

    fn take(&mut self, response: &WriteStreamResponse) -> Result<(usize, Instant, Draft)> {
        let slot = (response.sequence % self.under_way.len() as u64) as usize;
        let (started, draft) = self.under_way[slot].take().context("an answer to nothing that was asked")?;
        Ok((slot, started, draft))
    }

    fn is_empty(&self) -> bool {
        self.under_way.iter().all(Option::is_none)
    }
}

impl Worker for Create {
    async fn run(mut self, recorder: &mut Recorder) -> Result<()> {
        let (requests, outbound) = mpsc::channel(self.in_flight);
        let under_way = (0..self.in_flight).map(|_| None).collect();
        let mut slots = Slots { requests, observations: self.observations, under_way, sequence: 0 };
        for slot in 0..self.in_flight {
            slots.send(slot)?;
        }
        let mut answers = self.client.write_stream(ReceiverStream::new(outbound)).await?.into_inner();
        while !slots.is_empty() {
            let response = answers.message().await?.context("the server ended the stream")?;
            let (slot, started, draft) = slots.take(&response)?;
            recorder.finished(started);
            match &response.response {
                Some(Response::Write(write)) => expect_created(write)?,
                other => bail!("a create was answered by {other:?}"),
            }
            if self.checks && recorder.warming_up() && is_sampled(&draft) {
                must_find(&mut self.client, &draft).await?;
                recorder.checked();
            }
            if recorder.proceed() {
                slots.send(slot)?;
            }
        }
        Ok(())
    }
}
