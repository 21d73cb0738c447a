//! Tenants, as the cluster agrees on them.

use crate::cluster::Cluster;
use crate::error::Error;
use bytes::Bytes;
use proto::TenantId;
use proto::log::v1::{
    MetaCommand, MetaDropped, MetaEndedTenant, MetaNewTenant, MetaPartitionDropped, MetaTenant,
};

impl Cluster {
    /// All beside the default one, also those that ended, and the last number that was given, as far as is known here.
    pub fn tenants(&self) -> (Vec<MetaTenant>, u32) {
        let state = self.meta();
        (state.tenants, state.last_tenant)
    }

    /// Has a new tenant be agreed on; the one that `token` names then. `None`: its name is taken, or there are too many.
    ///
    /// # Errors
    /// Without a leader of the meta group, for some seconds.
    pub async fn create_tenant(&self, new: MetaNewTenant) -> Result<Option<MetaTenant>, Error> {
        let token: Bytes = new.token.clone();
        self.council.agree(MetaCommand { new_tenant: Some(new), ..MetaCommand::default() }).await?;
        self.learn().await?;
        Ok(self.tenants().0.into_iter().find(|one| one.token == token))
    }

    /// Has a tenant end.
    ///
    /// # Errors
    /// As [`Cluster::create_tenant`].
    pub async fn end_tenant(&self, tenant: TenantId, time_ms: u64) -> Result<(), Error> {
        let ended_tenant = Some(MetaEndedTenant { tenant: tenant.0, time_ms });
        self.council.agree(MetaCommand { ended_tenant, ..MetaCommand::default() }).await?;
        self.learn().await
    }

    /// To be called when every node knows that it ended: its rows may go.
    ///
    /// # Errors
    /// As [`Cluster::create_tenant`].
    pub async fn refuse_tenant(&self, tenant: TenantId) -> Result<(), Error> {
        self.council.agree(MetaCommand { refused_tenant: tenant.0, ..MetaCommand::default() }).await?;
        self.learn().await
    }

    /// Tells how far partitions that this node leads are with the rows of one that ended.
    ///
    /// # Errors
    /// As [`Cluster::create_tenant`].
    pub async fn tell_dropped(
        &self,
        tenant: TenantId,
        partitions: Vec<MetaPartitionDropped>,
    ) -> Result<(), Error> {
        let dropped = Some(MetaDropped { tenant: tenant.0, partitions });
        self.council.agree(MetaCommand { dropped, ..MetaCommand::default() }).await
    }
}
