//! The one service trait under both wires. It mirrors the gRPC service of `proto/api/v1/fhir.proto`, with a concrete
//! error; gRPC hands its messages through, REST builds the same messages from HTTP and calls the same trait. What is
//! not here, neither wire can do.

mod history_request;
mod patch_kind;

pub use history_request::history_request;
pub use patch_kind::{no_parameters, patch_kind};

use crate::{bounds::Share, observe::Trace};
use futures::stream::BoxStream;
use proto::{Error, TenantId, api::v1::*};
use std::{future::Future, sync::Arc, time::Instant};

/// Who asks, and until when. Comes with every call; identity and scopes join here with the security issue.
#[derive(Clone, Debug)]
pub struct Context {
    /// Every key and every route starts with the tenant.
    pub tenant: TenantId,
    /// From `X-Request-Id` or made by the adapter; goes into the log lines and back to the caller.
    pub request_id: Arc<str>,
    /// The caller's trace (`traceparent`), where there is one; goes into the log lines and back to the caller.
    pub trace: Option<Trace>,
    /// After this the answer is of no use to the caller. `None`: the configured request timeout alone.
    pub deadline: Option<Instant>,
    /// The absolute base under which the caller reached the server, for links in answers; where it is not known the
    /// configured one counts.
    pub base: Option<Arc<str>>,
    /// What the request holds of the node's bounds; who works on for it when the caller is gone keeps a clone.
    pub share: Share,
}

/// FHIR R4's interactions over protobuf messages. Errors are the ones of the table in `proto::error`.
pub trait FhirService: Send + Sync + 'static {
    /// <https://hl7.org/fhir/R4/http.html#create>
    fn create(
        &self,
        context: &Context,
        request: CreateRequest,
    ) -> impl Future<Output = Result<WriteResponse, Error>> + Send;

    /// <https://hl7.org/fhir/R4/http.html#read>: `Gone` for a deleted resource, `NotFound` for one that never was.
    fn read(
        &self,
        context: &Context,
        request: ReadRequest,
    ) -> impl Future<Output = Result<ReadResponse, Error>> + Send;

    /// <https://hl7.org/fhir/R4/http.html#vread>
    fn vread(
        &self,
        context: &Context,
        request: VReadRequest,
    ) -> impl Future<Output = Result<ReadResponse, Error>> + Send;

    /// <https://hl7.org/fhir/R4/http.html#update>, with create on a new id
    fn update(
        &self,
        context: &Context,
        request: UpdateRequest,
    ) -> impl Future<Output = Result<WriteResponse, Error>> + Send;

    /// <https://hl7.org/fhir/R4/http.html#patch>, of the resource with that id or of the one that matches the criteria
    fn patch(
        &self,
        context: &Context,
        request: PatchRequest,
    ) -> impl Future<Output = Result<WriteResponse, Error>> + Send;

    /// <https://hl7.org/fhir/R4/http.html#delete>: deleting what is not there is no error
    fn delete(
        &self,
        context: &Context,
        request: DeleteRequest,
    ) -> impl Future<Output = Result<WriteResponse, Error>> + Send;

    /// <https://hl7.org/fhir/R4/http.html#history>
    fn history(
        &self,
        context: &Context,
        request: HistoryRequest,
    ) -> impl Future<Output = Result<HistoryResponse, Error>> + Send;

    /// <https://hl7.org/fhir/R4/http.html#transaction>: batch and transaction
    fn transaction(
        &self,
        context: &Context,
        request: TransactionRequest,
    ) -> impl Future<Output = Result<TransactionResponse, Error>> + Send;

    /// <https://hl7.org/fhir/R4/http.html#search>, one page
    fn search(
        &self,
        context: &Context,
        request: SearchRequest,
    ) -> impl Future<Output = Result<SearchResponse, Error>> + Send;

    /// Every match, without pages. Reads ahead no further than one page.
    fn search_stream(
        &self,
        context: &Context,
        request: SearchRequest,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<SearchEntry, Error>>, Error>> + Send;

    /// <https://hl7.org/fhir/R4/operations.html>: `UnknownType` for a name nobody knows, `BadRequest` where the operation
    /// is not offered there.
    fn operation(
        &self,
        context: &Context,
        request: OperationRequest,
    ) -> impl Future<Output = Result<OperationResponse, Error>> + Send;

    /// <https://hl7.org/fhir/R4/http.html#capabilities>
    fn capabilities(
        &self,
        context: &Context,
        request: CapabilitiesRequest,
    ) -> impl Future<Output = Result<CapabilitiesResponse, Error>> + Send;
}
