//! The operator's calls.

use crate::{Error, Options, Result, api, connect};
use proto::api::v1::admin_client::AdminClient;
use tonic::{Streaming, transport::Channel};

/// One entry of a log is as large as the largest bundle, with its index values.
const MESSAGE_BYTES_MAX: usize = 1 << 30;

/// A handle for operators' calls at one node, which answers for its cluster. Cheap to clone. Nothing is sent again by itself.
#[derive(Clone, Debug)]
pub struct Admin {
    stub: AdminClient<Channel>,
}

impl Admin {
    /// At an endpoint `http://host:port`, connected on first use.
    ///
    /// # Errors
    /// An endpoint that is none.
    pub fn connect(endpoint: &str) -> Result<Admin> {
        Admin::connect_with(endpoint, &Options::default())
    }

    /// The same with chosen options: of them it takes how to connect, and nothing of retries and routing.
    ///
    /// # Errors
    /// An endpoint that is none.
    pub fn connect_with(endpoint: &str, options: &Options) -> Result<Admin> {
        let stub = AdminClient::new(connect::channel(endpoint, options)?);
        Ok(Admin { stub: stub.max_decoding_message_size(MESSAGE_BYTES_MAX) })
    }

    /// The cluster as the node sees it that leads.
    pub async fn status(&self) -> Result<api::StatusResponse> {
        answer(self.stub.clone().status(api::StatusRequest {}).await)
    }

    /// Asks for an id for a new node that others reach at `address`. The same token gets the same id.
    pub async fn join(&self, token: bytes::Bytes, address: &str) -> Result<api::JoinResponse> {
        answer(self.stub.clone().join(api::JoinRequest { token, address: address.to_owned() }).await)
    }

    /// Has a node give up its replicas; `undo`: take some again.
    pub async fn drain(&self, node_id: u64, undo: bool) -> Result<()> {
        answer(self.stub.clone().drain(api::DrainRequest { node_id, undo }).await).map(drop)
    }

    /// Takes a node out of the cluster for good.
    pub async fn remove(&self, node_id: u64) -> Result<()> {
        answer(self.stub.clone().remove(api::RemoveRequest { node_id }).await).map(drop)
    }

    /// Has another node lead.
    pub async fn transfer_leader(&self, to: u64) -> Result<()> {
        answer(self.stub.clone().transfer_leader(api::TransferLeaderRequest { to }).await).map(drop)
    }

    /// Makes a tenant of that name. `token`: sent again with the same, it is the same tenant.
    ///
    /// # Errors
    /// `BAD_REQUEST` for what is no name; `PRECONDITION_FAILED` where there is one of that name.
    pub async fn create_tenant(&self, name: &str, token: bytes::Bytes) -> Result<api::TenantStatus> {
        let request = api::CreateTenantRequest { name: name.to_owned(), token };
        Ok(answer(self.stub.clone().create_tenant(request).await)?.tenant.unwrap_or_default())
    }

    /// All tenants, and those whose data is going.
    pub async fn tenants(&self) -> Result<Vec<api::TenantStatus>> {
        Ok(answer(self.stub.clone().list_tenants(api::ListTenantsRequest {}).await)?.tenants)
    }

    /// Deletes a tenant: when it is answered, no node accepts a request of it any more, and its data goes in the background.
    ///
    /// # Errors
    /// `UNAVAILABLE` where a node does not say that it knows; it is deleted all the same, and asking again waits for that.
    pub async fn delete_tenant(&self, name: &str) -> Result<api::TenantStatus> {
        let request = api::DeleteTenantRequest { name: name.to_owned() };
        Ok(answer(self.stub.clone().delete_tenant(request).await)?.tenant.unwrap_or_default())
    }

    /// What the cluster agreed on, for a backup.
    pub async fn backup_state(&self) -> Result<api::BackupStateResponse> {
        answer(self.stub.clone().backup_state(api::BackupStateRequest {}).await)
    }

    /// All rows of a partition that this node holds. What follows them in its log is kept for `hold`.
    pub async fn backup_rows(
        &self,
        partition: u32,
        hold: api::BackupHold,
    ) -> Result<Streaming<api::BackupRowsResponse>> {
        let request = api::BackupRowsRequest { partition, hold: Some(hold) };
        answer(self.stub.clone().backup_rows(request).await)
    }

    /// The entries of a partition's log after that one, as this node has them. Those and what follows are kept for `hold`.
    pub async fn backup_log(
        &self,
        partition: u32,
        after: u64,
        hold: api::BackupHold,
    ) -> Result<Streaming<api::BackupLogResponse>> {
        let request = api::BackupLogRequest { partition, after, hold: Some(hold) };
        answer(self.stub.clone().backup_log(request).await)
    }
}

fn answer<T>(result: std::result::Result<tonic::Response<T>, tonic::Status>) -> Result<T> {
    result.map(tonic::Response::into_inner).map_err(Error::from)
}
