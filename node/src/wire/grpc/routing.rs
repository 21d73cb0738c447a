//! `salamander.api.v1.Routing` over the service, and what both services do with what clients take from it.

use super::context;
use crate::service::{RoutingService, TenantService};
use proto::{
    Code, Error,
    api::v1::{routing_server::Routing, *},
    metadata::{self, CLUSTER},
};
use std::sync::Arc;
use tonic::{Request, Response, Status, metadata::MetadataMap};

/// The adapter.
pub(super) struct Adapter<S>(pub Arc<S>);

#[tonic::async_trait]
impl<S: RoutingService + TenantService> Routing for Adapter<S> {
    async fn map(&self, mut request: Request<MapRequest>) -> Result<Response<MapResponse>, Status> {
        is_meant(request.metadata_mut(), &*self.0)?;
        context::known(request.metadata(), &*self.0).await.map_err(|error| error.to_status())?;
        Ok(Response::new(self.0.map(request.into_inner())))
    }
}

/// Takes the cluster that the caller means out of the metadata.
///
/// # Errors
/// `Unavailable` where that is another one: the caller's map is old, and this address was a node's of that cluster.
pub(super) fn is_meant(metadata: &mut MetadataMap, service: &impl RoutingService) -> Result<(), Status> {
    match metadata.remove(CLUSTER) {
        Some(meant) if meant.as_bytes() != metadata::cluster(service.cluster()).as_bytes() => {
            let text = "the request is for another cluster than this node's; it was not carried out";
            Err(Error::new(Code::Unavailable, text).to_status())
        }
        _ => Ok(()),
    }
}
