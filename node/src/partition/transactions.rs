//! Transactions that are prepared or decided here, and the answers kept under idempotency keys.

use super::{Partition, far};
use crate::error::storage as failed;
use bytes::Bytes;
use proto::{Error, TenantId, internal::v1::rows_request::Verb};
use storage::{Answered, Decided, Prepared};

impl Partition<'_> {
    /// All that is prepared, as the replica here says; nothing where there is none.
    ///
    /// # Errors
    /// As of every verb here: what the storage lacks, or why it failed; `Unavailable` where who leads cannot be asked.
    pub async fn prepared(&self) -> Result<Vec<Prepared>, Error> {
        self.replica().map_or(Ok(vec![]), |rows| rows.prepared().map_err(failed))
    }

    /// A transaction, if it is prepared here.
    pub async fn prepared_one(
        &self,
        tenant: TenantId,
        transaction: &Bytes,
    ) -> Result<Option<Prepared>, Error> {
        match self.replica() {
            Some(rows) => rows.prepared_one(tenant, transaction).map_err(failed),
            None => far::prepared_one(*self, tenant, transaction).await,
        }
    }

    /// Whether a transaction that is coordinated here is to commit; `None`: that is not decided, or forgotten.
    pub async fn decision(&self, tenant: TenantId, transaction: &Bytes) -> Result<Option<bool>, Error> {
        match self.replica() {
            Some(rows) => rows.decision(tenant, transaction).map_err(failed),
            None => Ok(far::rows(*self, tenant, Verb::Decision(transaction.clone())).await?.decision),
        }
    }

    /// Decisions that are kept, in order, behind `after`, at most `limit`, as the replica here says; none where there is none.
    pub async fn decisions(&self, after: Option<&Decided>, limit: usize) -> Result<Vec<Decided>, Error> {
        self.replica().map_or(Ok(vec![]), |rows| rows.decisions(after, limit).map_err(failed))
    }

    /// The answer kept under an idempotency key whose home is here.
    pub async fn answered(
        &self,
        tenant: TenantId,
        key: &[u8],
        now_ms: u64,
    ) -> Result<Option<Answered>, Error> {
        match self.replica() {
            Some(rows) => rows.dedup(tenant, key, now_ms).map_err(failed),
            None => far::answered(*self, tenant, key, now_ms).await,
        }
    }
}
