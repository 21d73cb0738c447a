//! Transactions that are prepared or decided here, and the answers kept under idempotency keys.

use super::Partition;
use crate::error::storage as failed;
use proto::{Error, TenantId};
use storage::{Answered, Decided, Prepared};

impl Partition<'_> {
    /// Whether anything is prepared; costs an atomic load.
    pub async fn has_prepared(&self) -> bool {
        self.tables().has_prepared()
    }

    /// All that is prepared.
    ///
    /// # Errors
    /// As of every verb here: what the storage lacks, or why it failed.
    pub async fn prepared(&self) -> Result<Vec<Prepared>, Error> {
        self.tables().prepared().map_err(failed)
    }

    /// A transaction, if it is prepared here.
    pub async fn prepared_one(
        &self,
        tenant: TenantId,
        transaction: &[u8],
    ) -> Result<Option<Prepared>, Error> {
        self.tables().prepared_one(tenant, transaction).map_err(failed)
    }

    /// Whether a transaction that is coordinated here is to commit; `None`: that is not decided, or forgotten.
    pub async fn decision(&self, tenant: TenantId, transaction: &[u8]) -> Result<Option<bool>, Error> {
        self.tables().decision(tenant, transaction).map_err(failed)
    }

    /// Decisions that are kept, in order, behind `after`, at most `limit`.
    pub async fn decisions(&self, after: Option<&Decided>, limit: usize) -> Result<Vec<Decided>, Error> {
        self.tables().decisions(after, limit).map_err(failed)
    }

    /// The answer kept under an idempotency key whose home is here.
    pub async fn answered(
        &self,
        tenant: TenantId,
        key: &[u8],
        now_ms: u64,
    ) -> Result<Option<Answered>, Error> {
        self.tables().dedup(tenant, key, now_ms).map_err(failed)
    }
}
