//! FHIR's interactions, one file each, over the same writer and reader.

mod capabilities;
mod codes;
pub(crate) mod create;
mod delete;
mod history;
mod moment;
mod part;
pub(crate) mod patch;
pub(crate) mod preconditions;
mod read;
mod search;
pub(crate) mod update;

use crate::{
    compartment::{Dedup, fingerprint},
    engine::{Inner, Node},
    operation,
    service::{Context, FhirService},
    transaction,
    writer::{self, Attempt, Plan},
};
use futures::stream::BoxStream;
use proto::{Code, CompartmentKey, Error, Slot, TenantId, api::v1::*};

pub(crate) use search::{compile_criteria, find_keys};

impl FhirService for Node {
    async fn create(&self, context: &Context, request: CreateRequest) -> Result<WriteResponse, Error> {
        if request.if_none_exist.is_empty() {
            return create::create(&self.inner, context, request).await;
        }
        let (node, context) = (self.inner.clone(), context.clone());
        to_its_end(async move { create::create(&node, &context, request).await }).await
    }

    async fn read(&self, context: &Context, request: ReadRequest) -> Result<ReadResponse, Error> {
        read::read(&self.inner, context, request).await
    }

    async fn vread(&self, context: &Context, request: VReadRequest) -> Result<ReadResponse, Error> {
        read::vread(&self.inner, context, request).await
    }

    async fn update(&self, context: &Context, request: UpdateRequest) -> Result<WriteResponse, Error> {
        update::update(&self.inner, context, request).await
    }

    async fn patch(&self, context: &Context, request: PatchRequest) -> Result<WriteResponse, Error> {
        if request.criteria.is_empty() {
            return patch::patch(&self.inner, context, request).await;
        }
        let (node, context) = (self.inner.clone(), context.clone());
        to_its_end(async move { patch::patch(&node, &context, request).await }).await
    }

    async fn delete(&self, context: &Context, request: DeleteRequest) -> Result<WriteResponse, Error> {
        delete::delete(&self.inner, context, request).await
    }

    async fn history(&self, context: &Context, request: HistoryRequest) -> Result<HistoryResponse, Error> {
        history::history(&self.inner, context, request).await
    }

    async fn transaction(
        &self,
        context: &Context,
        request: TransactionRequest,
    ) -> Result<TransactionResponse, Error> {
        let (node, context) = (self.clone(), context.clone());
        to_its_end(async move { transaction::run(&node, &context, request).await }).await
    }

    async fn search(&self, context: &Context, request: SearchRequest) -> Result<SearchResponse, Error> {
        search::search_page(&self.inner, context, request).await
    }

    async fn search_stream(
        &self,
        context: &Context,
        request: SearchRequest,
    ) -> Result<BoxStream<'static, Result<SearchEntry, Error>>, Error> {
        search::search_stream(self.clone(), context.clone(), request).await
    }

    async fn operation(
        &self,
        context: &Context,
        request: OperationRequest,
    ) -> Result<OperationResponse, Error> {
        operation::run(self, context, request).await
    }

    async fn capabilities(
        &self,
        _: &Context,
        request: CapabilitiesRequest,
    ) -> Result<CapabilitiesResponse, Error> {
        capabilities::capabilities(&request)
    }
}

/// Work that goes on when its caller goes away: a transaction must not stop half way, and a reservation given back too
/// early would let a second create with the same criteria through.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the task of a request failed");
        Err(Error::new(Code::Internal, "the request failed; the server's log says why"))
    })
}

/// The longest idempotency key.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;

/// The dedup part of a plan. `home` and `request`, all that says what to do, follow from the request alone.
pub(crate) fn dedup(
    node: &Inner,
    tenant: TenantId,
    key: &str,
    home: Slot,
    request: &[&[u8]],
) -> Result<Option<Dedup>, Error> {
    if key.is_empty() {
        return Ok(None);
    }
    if key.len() > IDEMPOTENCY_KEY_BYTES_MAX {
        return Err(Error::new(
            Code::BadRequest,
            format!(
                "the idempotency key has {} bytes; at most {IDEMPOTENCY_KEY_BYTES_MAX} are allowed",
                key.len()
            ),
        ));
    }
    let retention_ms = node.options.dedup_retention.as_millis() as u64;
    let (key, fingerprint) = (key.as_bytes().into(), fingerprint(request));
    let dedup = Dedup { key, home, fingerprint, retention_ms, found: vec![] };
    node.keys.check(tenant, &dedup)?;
    Ok(Some(dedup))
}

/// What one attempt at a plan of one step came to.
pub(crate) enum One {
    Answer(WriteResponse),
    /// Locate and try again.
    Stale,
    /// Try again with a step that moves it there.
    Moves(CompartmentKey),
}

/// One attempt at a plan of one step.
pub(crate) async fn attempt_one(node: &Inner, plan: Plan) -> Result<One, Error> {
    let tenant = plan.tenant;
    Ok(match writer::attempt(node, plan).await? {
        Attempt::Done(answers) => answers.into_iter().next().map_or(One::Stale, One::Answer),
        Attempt::Repeated(answers) => repeated(node, tenant, answers).await?.map_or(One::Stale, One::Answer),
        Attempt::Stale | Attempt::Lost => One::Stale,
        Attempt::Moves(moves) => One::Moves(moves.to),
    })
}

/// The answer this very request got before under its idempotency key.
pub(crate) async fn answered_before(
    node: &Inner,
    tenant: TenantId,
    dedup: Option<&Dedup>,
) -> Result<Option<WriteResponse>, Error> {
    match writer::answered_before(node, tenant, dedup).await? {
        Some(answers) => repeated(node, tenant, answers).await,
        None => Ok(None),
    }
}

/// The answer of a request that wrote nothing, kept under its idempotency key.
pub(crate) async fn kept(
    node: &Inner,
    tenant: TenantId,
    dedup: Option<&Dedup>,
    answer: WriteResponse,
) -> Result<WriteResponse, Error> {
    match writer::keep(node, tenant, dedup, vec![answer]).await? {
        Attempt::Done(answers) => answers.into_iter().next().ok_or_else(contended),
        Attempt::Repeated(answers) => repeated(node, tenant, answers).await?.ok_or_else(contended),
        _ => Err(contended()),
    }
}

/// The answer of a request of one write that was kept under its idempotency key. Its body is not: it is the stored version.
async fn repeated(
    node: &Inner,
    tenant: TenantId,
    answers: Vec<WriteResponse>,
) -> Result<Option<WriteResponse>, Error> {
    let Some(mut answer) = answers.into_iter().next() else { return Ok(None) };
    if answer.outcome != Outcome::Deleted as i32 && !answer.version_id.is_empty() {
        answer.body =
            read::body_of(node, tenant, &answer.resource_type, &answer.id, &answer.version_id).await?;
    }
    Ok(Some(answer))
}

/// All attempts were stale.
pub(crate) fn contended() -> Error {
    Error::new(
        Code::Conflict,
        "other writers of the same resources came first every time; send the request again",
    )
}
