//! `salamander.api.v1.Admin` over the operator's trait.

use crate::service::AdminService;
use proto::api::v1::{admin_server::Admin, *};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The adapter.
pub(super) struct Adapter(pub Arc<dyn AdminService>);

fn answer<T>(result: Result<T, proto::Error>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(|error| error.to_status())
}

#[tonic::async_trait]
impl Admin for Adapter {
    async fn status(&self, request: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        answer(self.0.status(request.into_inner()).await)
    }

    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<JoinResponse>, Status> {
        answer(self.0.join(request.into_inner()).await)
    }

    async fn drain(&self, request: Request<DrainRequest>) -> Result<Response<DrainResponse>, Status> {
        answer(self.0.drain(request.into_inner()).await)
    }

    async fn remove(&self, request: Request<RemoveRequest>) -> Result<Response<RemoveResponse>, Status> {
        answer(self.0.remove(request.into_inner()).await)
    }

    async fn transfer_leader(
        &self,
        request: Request<TransferLeaderRequest>,
    ) -> Result<Response<TransferLeaderResponse>, Status> {
        answer(self.0.transfer_leader(request.into_inner()).await)
    }
}
