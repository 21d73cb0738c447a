//! `salamander.api.v1.Fhir` over the service trait, call by call.

use super::{
    context::{answer, open},
    paced::Paced,
    write_stream,
};
use crate::{server::Stop, service::FhirService};
use futures::{StreamExt, stream::BoxStream};
use proto::api::v1::{fhir_server::Fhir, *};
use std::{sync::Arc, time::Duration};
use tonic::{Request, Response, Status, Streaming};

/// The adapter and what it needs of the configuration.
pub(super) struct Adapter<S> {
    pub service: Arc<S>,
    pub timeout: Duration,
    /// How long the reader of a stream may take nothing.
    pub patience: Duration,
    pub write_stream_in_flight_max: usize,
    pub stop: Stop,
}

#[tonic::async_trait]
impl<S: FhirService> Fhir for Adapter<S> {
    type SearchStreamStream = BoxStream<'static, Result<SearchEntry, Status>>;
    type WriteStreamStream = BoxStream<'static, Result<WriteStreamResponse, Status>>;

    async fn create(&self, request: Request<CreateRequest>) -> Result<Response<WriteResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.create(&context, request).await)
    }

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.read(&context, request).await)
    }

    async fn v_read(&self, request: Request<VReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.vread(&context, request).await)
    }

    async fn update(&self, request: Request<UpdateRequest>) -> Result<Response<WriteResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.update(&context, request).await)
    }

    async fn patch(&self, request: Request<PatchRequest>) -> Result<Response<WriteResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.patch(&context, request).await)
    }

    async fn delete(&self, request: Request<DeleteRequest>) -> Result<Response<WriteResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.delete(&context, request).await)
    }

    async fn history(&self, request: Request<HistoryRequest>) -> Result<Response<HistoryResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.history(&context, request).await)
    }

    async fn transaction(
        &self,
        request: Request<TransactionRequest>,
    ) -> Result<Response<TransactionResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.transaction(&context, request).await)
    }

    async fn search(&self, request: Request<SearchRequest>) -> Result<Response<SearchResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.search(&context, request).await)
    }

    async fn search_stream(
        &self,
        request: Request<SearchRequest>,
    ) -> Result<Response<Self::SearchStreamStream>, Status> {
        let (context, request) = open(request, self.timeout)?;
        let entries = self.service.search_stream(&context, request).await;
        let in_status = |entry: Result<SearchEntry, proto::Error>| entry.map_err(|error| error.to_status());
        let paced =
            |entries: BoxStream<'static, _>| Paced::new(entries.map(in_status).boxed(), self.patience);
        answer(&context, entries.map(|entries| paced(entries).boxed()))
    }

    async fn write_stream(
        &self,
        request: Request<Streaming<WriteStreamRequest>>,
    ) -> Result<Response<Self::WriteStreamStream>, Status> {
        let (context, requests) = open(request, self.timeout)?;
        let writes = write_stream::Writes {
            service: self.service.clone(),
            context: context.clone(),
            timeout: self.timeout,
        };
        let answers = writes.answer(requests, self.write_stream_in_flight_max, self.stop.clone());
        answer(&context, Ok(Paced::new(answers.boxed(), self.patience).boxed()))
    }

    async fn operation(
        &self,
        request: Request<OperationRequest>,
    ) -> Result<Response<OperationResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.operation(&context, request).await)
    }

    async fn capabilities(
        &self,
        request: Request<CapabilitiesRequest>,
    ) -> Result<Response<CapabilitiesResponse>, Status> {
        let (context, request) = open(request, self.timeout)?;
        answer(&context, self.service.capabilities(&context, request).await)
    }
}
