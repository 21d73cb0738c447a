//! Workers over unary gRPC: creates, PUT creates with client-assigned ids, reads.

use super::{finding, is_sampled};
use crate::{
    measure::{Recorder, Worker},
    observation::{Draft, Observations},
};
use anyhow::{Context, Result, bail};
use proto::api::v1::{
    CreateRequest, Outcome, ReadRequest, SearchParameter, SearchRequest, UpdateRequest, WriteResponse,
    fhir_client::FhirClient,
};
use std::{sync::Arc, time::Duration, time::Instant};
use tonic::transport::{Channel, Endpoint};

/// An answer that takes longer than this is an error.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection of its own; tonic would share one among all callers of a channel.
///
/// # Errors
/// The server is not there.
pub async fn connect(url: &str) -> Result<FhirClient<Channel>> {
    let endpoint = Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).timeout(PATIENCE);
    Ok(FhirClient::new(endpoint.connect().await.with_context(|| format!("connecting to {url}"))?))
}

/// Which write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The server assigns the id, which carries its patient's slot.
    Post,
    /// The client assigns the id; the server keeps a directory row.
    Put,
}

/// One write after the other.
pub struct Create {
    client: FhirClient<Channel>,
    observations: Arc<Observations>,
    kind: Kind,
    checks: bool,
}

impl Create {
    /// Connects. `checks`: writes are searched for during warm-up.
    ///
    /// # Errors
    /// The server is not there.
    pub async fn connect(
        url: &str,
        observations: Arc<Observations>,
        kind: Kind,
        checks: bool,
    ) -> Result<Create> {
        Ok(Create { client: connect(url).await?, observations, kind, checks })
    }
}

impl Worker for Create {
    async fn run(mut self, recorder: &mut Recorder) -> Result<()> {
        while recorder.proceed() {
            let draft = self.observations.draft();
            let (started, response) = match self.kind {
                Kind::Post => {
                    let request = create_request(&draft);
                    (Instant::now(), self.client.create(request).await)
                }
                Kind::Put => {
                    let request = update_request(&draft);
                    (Instant::now(), self.client.update(request).await)
                }
            };
            recorder.finished(started);
            expect_created(&response?.into_inner())?;
            if self.checks && recorder.warming_up() && is_sampled(&draft) {
                must_find(&mut self.client, &draft).await?;
                recorder.checked();
            }
        }
        Ok(())
    }
}

/// The request of a POST.
pub(super) fn create_request(draft: &Draft) -> CreateRequest {
    CreateRequest { resource_type: "Observation".to_owned(), body: draft.body(), ..Default::default() }
}

fn update_request(draft: &Draft) -> UpdateRequest {
    let (id, body) = (draft.id.clone(), draft.body_with_id());
    UpdateRequest { resource_type: "Observation".to_owned(), id, body, ..Default::default() }
}

/// Anything but a created resource fails the row.
pub(super) fn expect_created(response: &WriteResponse) -> Result<()> {
    if response.outcome() != Outcome::Created {
        bail!("expected a created resource, got {:?} of {}", response.outcome(), response.id);
    }
    Ok(())
}

/// Searches for a write that was just acknowledged.
pub(super) async fn must_find(client: &mut FhirClient<Channel>, draft: &Draft) -> Result<()> {
    let parameters = finding(draft)
        .into_iter()
        .map(|(name, value)| SearchParameter { name: name.to_owned(), value })
        .collect();
    let request = SearchRequest { resource_type: "Observation".to_owned(), parameters, ..Default::default() };
    let found = client.search(request).await?.into_inner().entries.len();
    if found != 1 {
        bail!("an acknowledged write must be found at once: {} was found {found} times", draft.identifier);
    }
    Ok(())
}

/// Read by id, over a set of Observations.
pub struct Read {
    client: FhirClient<Channel>,
    ids: Arc<Vec<String>>,
    next: usize,
}

impl Read {
    /// Connects. Worker number `first` begins there in `ids`.
    ///
    /// # Errors
    /// The server is not there.
    pub async fn connect(url: &str, ids: Arc<Vec<String>>, first: usize) -> Result<Read> {
        Ok(Read { client: connect(url).await?, ids, next: first })
    }
}

impl Worker for Read {
    async fn run(mut self, recorder: &mut Recorder) -> Result<()> {
        while recorder.proceed() {
            let id = self.ids[self.next % self.ids.len()].clone();
            self.next += 1;
            let request = ReadRequest { resource_type: "Observation".to_owned(), id, ..Default::default() };
            let started = Instant::now();
            let response = self.client.read(request).await?.into_inner();
            recorder.finished(started);
            if response.body.is_empty() {
                bail!("{} came without a body", response.id);
            }
        }
        Ok(())
    }
}
