//! `salamander.api.v1.Admin` over the operator's trait.

use super::paced::Paced;
use crate::{
    service::{AdminService, Answers},
    tls::Shown,
};
use futures::{StreamExt, stream::BoxStream};
use proto::api::v1::{admin_server::Admin, *};
use std::{sync::Arc, time::Duration};
use tonic::{Request, Response, Status};

/// The adapter.
pub(super) struct Adapter {
    pub service: Arc<dyn AdminService>,
    /// Nodes are known by their certificates: nobody else becomes one.
    pub joined_by_nodes_only: bool,
    /// How long the reader of a stream may take nothing.
    pub patience: Duration,
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

impl Adapter {
    fn paced<T: Send + 'static>(&self, answers: Result<Answers<T>, proto::Error>) -> Streamed<T> {
        let in_status = |answers: Answers<T>| {
            answers.map(|answer| answer.map_err(|error: proto::Error| error.to_status())).boxed()
        };
        answer(answers.map(|answers| Paced::new(in_status(answers), self.patience).boxed()))
    }
}

type Streamed<T> = Result<Response<BoxStream<'static, Result<T, Status>>>, Status>;

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

    async fn create_tenant(
        &self,
        request: Request<CreateTenantRequest>,
    ) -> Result<Response<CreateTenantResponse>, Status> {
        answer(self.service.create_tenant(request.into_inner()).await)
    }

    async fn list_tenants(
        &self,
        request: Request<ListTenantsRequest>,
    ) -> Result<Response<ListTenantsResponse>, Status> {
        answer(self.service.list_tenants(request.into_inner()).await)
    }

    async fn delete_tenant(
        &self,
        request: Request<DeleteTenantRequest>,
    ) -> Result<Response<DeleteTenantResponse>, Status> {
        answer(self.service.delete_tenant(request.into_inner()).await)
    }

    async fn backup_state(
        &self,
        request: Request<BackupStateRequest>,
    ) -> Result<Response<BackupStateResponse>, Status> {
        answer(self.service.backup_state(request.into_inner()).await)
    }

    async fn backup_rows(&self, request: Request<BackupRowsRequest>) -> Streamed<BackupRowsResponse> {
        self.paced(self.service.backup_rows(request.into_inner()).await)
    }

    async fn backup_log(&self, request: Request<BackupLogRequest>) -> Streamed<BackupLogResponse> {
        self.paced(self.service.backup_log(request.into_inner()).await)
    }
}
