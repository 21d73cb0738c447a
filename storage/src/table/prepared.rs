//! Transactions that are prepared here and wait for Finish.
//!
//! `9 | tenant | transaction` → `1 | encoded log.v1.Prepare`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use crate::kv::Range;
use crate::version::Prepared;
use bytes::Bytes;
use prost::Message;
use proto::id::{PartitionId, TenantId};
use proto::log::v1 as log;

const FORMAT: u8 = 1;

/// The row's key.
pub fn key(tenant: TenantId, transaction: &[u8]) -> Vec<u8> {
    Writer::key(Tag::Prepared, tenant).bytes(transaction).finish()
}

/// All prepared transactions of all tenants.
pub fn range() -> Range {
    Range::prefix(vec![Tag::Prepared as u8])
}

/// The tenant in a key.
pub fn tenant_of(key: &[u8]) -> Result<TenantId> {
    Ok(Reader::key("prepared", Tag::Prepared, key)?.1)
}

/// The row's value.
pub fn encode(prepare: &log::Prepare) -> Bytes {
    Writer::value(FORMAT, 1 + prepare.encoded_len()).bytes(&prepare.encode_to_vec()).finish().into()
}

/// The command in a value.
pub fn decode(value: &[u8]) -> Result<log::Prepare> {
    let reader = Reader::value("prepared", FORMAT, value)?;
    let corrupt = reader.corrupt("not a Prepare");
    log::Prepare::decode(reader.rest()).map_err(|_| corrupt)
}

/// What others see of a record.
pub fn state(tenant: TenantId, record: log::Prepare) -> Prepared {
    // Checked when it was prepared.
    let coordinator = PartitionId(record.coordinator_partition as u16);
    Prepared { tenant, transaction: record.transaction, coordinator, deadline_ms: record.deadline_ms }
}
