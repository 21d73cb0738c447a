//! Over gRPC.

use super::{Api, Failure};
use client::{Client, Retry, api};
use std::time::Duration;

pub(super) struct Grpc {
    client: Client,
}

/// Longer than the server's own.
const TIMEOUT: Duration = Duration::from_secs(40);

impl Grpc {
    pub(super) fn new(endpoint: &str) -> anyhow::Result<Grpc> {
        // The run repeats by itself, and says itself which key goes along.
        let client =
            Client::connect(endpoint)?.with_retry(Retry::never()).with_deadline(TIMEOUT).without_keys();
        Ok(Grpc { client })
    }
}

fn failure(error: client::Error) -> Failure {
    match error.may_have_applied() {
        true => Failure::Unknown(error.to_string()),
        false => Failure::Refused(error.code(), error.to_string()),
    }
}

impl Api for Grpc {
    async fn create(&self, request: api::CreateRequest) -> Result<api::WriteResponse, Failure> {
        self.client.create(request).await.map_err(failure)
    }
    async fn read(&self, request: api::ReadRequest) -> Result<api::ReadResponse, Failure> {
        self.client.read_part(request).await.map_err(failure)
    }
    async fn vread(&self, request: api::VReadRequest) -> Result<api::ReadResponse, Failure> {
        self.client.vread_part(request).await.map_err(failure)
    }
    async fn update(&self, request: api::UpdateRequest) -> Result<api::WriteResponse, Failure> {
        self.client.update(request).await.map_err(failure)
    }
    async fn patch(&self, request: api::PatchRequest) -> Result<api::WriteResponse, Failure> {
        self.client.patch(request).await.map_err(failure)
    }
    async fn delete(&self, request: api::DeleteRequest) -> Result<api::WriteResponse, Failure> {
        self.client.delete(request).await.map_err(failure)
    }
    async fn history(&self, request: api::HistoryRequest) -> Result<api::HistoryResponse, Failure> {
        self.client.history(request).await.map_err(failure)
    }
    async fn transaction(
        &self,
        request: api::TransactionRequest,
    ) -> Result<api::TransactionResponse, Failure> {
        self.client.transaction(request).await.map_err(failure)
    }
    async fn search(&self, request: api::SearchRequest) -> Result<api::SearchResponse, Failure> {
        self.client.search(request).await.map_err(failure)
    }
}
