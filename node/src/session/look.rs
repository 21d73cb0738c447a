//! One resource, wherever it lives: it may move while it is looked for.

use super::Session;
use crate::{error::contended, partition::Partition};
use fhir::definitions::ResourceType;
use proto::{Error, ResourceId, ResourceKey, TenantId};
use storage::Version;

/// What is looked for among the rows of a resource.
pub trait Look: Sync {
    type Seen: Send;

    /// `None`: it sees nothing under that key.
    fn look(
        &self,
        rows: Partition<'_>,
        tenant: TenantId,
        key: &ResourceKey,
    ) -> impl Future<Output = Result<Option<Self::Seen>, Error>> + Send;
}

/// The current version, deleted ones included.
pub struct Current;

/// The version with that number.
pub struct Numbered(pub u64);

/// The newest versions below `before`, newest first.
pub struct Newest {
    pub before: Option<u64>,
    pub limit: usize,
}

impl Look for Current {
    type Seen = Version;

    async fn look(
        &self,
        rows: Partition<'_>,
        tenant: TenantId,
        key: &ResourceKey,
    ) -> Result<Option<Version>, Error> {
        rows.get(tenant, key).await
    }
}

impl Look for Numbered {
    type Seen = Version;

    async fn look(
        &self,
        rows: Partition<'_>,
        tenant: TenantId,
        key: &ResourceKey,
    ) -> Result<Option<Version>, Error> {
        rows.get_version(tenant, key, self.0).await
    }
}

impl Look for Newest {
    type Seen = Vec<Version>;

    async fn look(
        &self,
        rows: Partition<'_>,
        tenant: TenantId,
        key: &ResourceKey,
    ) -> Result<Option<Vec<Version>>, Error> {
        let versions = rows.versions(tenant, key, self.before, self.limit).await?;
        Ok(Some(versions).filter(|versions| !versions.is_empty()))
    }
}

impl Session<'_> {
    /// Looks at a resource where it lives, and again where it moved to meanwhile: what is there all the time is never
    /// missed. Linearizable; nobody sees half a transaction.
    ///
    /// # Errors
    /// `Unavailable` without a leader; `Conflict` where it moved every time.
    pub async fn look<L: Look>(
        self,
        resource_type: ResourceType,
        id: ResourceId,
        look: &L,
    ) -> Result<Option<L::Seen>, Error> {
        for _ in 0..self.options().write_attempts_max {
            let (place, home) = self.find(resource_type, id).await?;
            let key = place.key();
            let rows = match home.filter(|_| place.row.is_none()) {
                // It was made current to find it, and it is there.
                Some(home) => home,
                None => self.readable_at(key.compartment.slot).await?,
            };
            self.settle_lock(rows, rows.lock_of(self.tenant(), &key).await?).await?;
            if let Some(seen) = look.look(rows, self.tenant(), &key).await? {
                return Ok(Some(seen));
            }
            if rows.get(self.tenant(), &key).await?.is_some() {
                return Ok(None);
            }
            // The directory may say by now that it lives with a patient.
            let is_listed = match (place.row, home) {
                (None, Some(home)) => home.locate(self.tenant(), place.own).await?.is_some(),
                (row, _) => row.is_some(),
            };
            if !is_listed {
                return Ok(None);
            }
        }
        Err(contended())
    }
}
