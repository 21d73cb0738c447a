//! Search parameters, as the cluster agrees on them.

use crate::cluster::Cluster;
use crate::error::Error;
use proto::TenantId;
use proto::log::v1::{MetaCommand, MetaIndexed, MetaIndexing, MetaParameters, MetaPartitionIndexed};

impl Cluster {
    /// How often what was agreed on has changed here.
    pub fn agreed(&self) -> u64 {
        self.council.meta_store.version()
    }

    /// Search parameters of a tenant and how far its rows are, as far as is known here.
    pub fn indexing(&self, tenant: TenantId) -> MetaIndexing {
        self.council.meta_store.indexing(tenant.0)
    }

    /// Tenants that have any.
    pub fn indexed_tenants(&self) -> Vec<TenantId> {
        self.council.meta_store.indexed_tenants()
    }

    /// Has other search parameters be agreed on. Whether they were, [`Cluster::indexing`] says then.
    ///
    /// # Errors
    /// Without a leader of the meta group, for some seconds.
    pub async fn change_parameters(&self, change: MetaParameters) -> Result<(), Error> {
        self.council.agree(MetaCommand { parameters: Some(change), ..MetaCommand::default() }).await?;
        self.learn().await
    }

    /// Tells how far partitions that this node leads are.
    ///
    /// # Errors
    /// As [`Cluster::change_parameters`].
    pub async fn tell_indexed(
        &self,
        tenant: TenantId,
        partitions: Vec<MetaPartitionIndexed>,
    ) -> Result<(), Error> {
        let indexed = Some(MetaIndexed { tenant: tenant.0, partitions });
        self.council.agree(MetaCommand { indexed, ..MetaCommand::default() }).await
    }

    /// Has all that the meta group agreed on before the call be known here.
    ///
    /// # Errors
    /// Without a leader of the meta group, for some seconds.
    pub async fn learn(&self) -> Result<(), Error> {
        self.council.learn().await
    }
}
