//! `salamander.api.v1.Admin` over the operator's trait.

use crate::{service::AdminService, tls::Shown};
use proto::api::v1::{admin_server::Admin, *};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The adapter.
pub(super) struct Adapter {
    pub service: Arc<dyn AdminService>,
    /// Nodes are known by their certificates: nobody else becomes one.
    pub joined_by_nodes_only: bool,
}

impl Adapter {
    fn may_join<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let is_node = request.extensions().get() == Some(&Shown::Node);
        match is_node || !self.joined_by_nodes_only {
            true => Ok(()),
            false => {
                let text =
                    "a node joins with a node's certificate: one of tls.peer_roots that bears tls.peer_name";
                Err(proto::Error::new(proto::Code::Forbidden, text).to_status())
            }
        }
    }
}

fn answer<T>(result: Result<T, proto::Error>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(|error| error.to_status())
}

#[tonic::async_trait]
impl Admin for Adapter {
    async fn status(&self, request: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        answer(self.service.status(request.into_inner()).await)
    }

    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<JoinResponse>, Status> {
        self.may_join(&request)?;
        answer(self.service.join(request.into_inner()).await)
    }

    async fn drain(&self, request: Request<DrainRequest>) -> Result<Response<DrainResponse>, Status> {
        answer(self.service.drain(request.into_inner()).await)
    }

    async fn remove(&self, request: Request<RemoveRequest>) -> Result<Response<RemoveResponse>, Status> {
        answer(self.service.remove(request.into_inner()).await)
    }

    async fn transfer_leader(
        &self,
        request: Request<TransferLeaderRequest>,
    ) -> Result<Response<TransferLeaderResponse>, Status> {
        answer(self.service.transfer_leader(request.into_inner()).await)
    }
}
