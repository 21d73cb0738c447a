//! Transactions that are prepared here and wait for Finish.
//!
//! `9 | tenant | transaction` → `1 | encoded log.v1.Prepare`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use crate::version;
use bytes::Bytes;
use prost::Message;
use proto::id::{PartitionId, TenantId};
use proto::log::v1 as log;

const FORMAT: u8 = 1;

/// See the module.
pub struct Prepared;

/// What others see of a record.
pub fn state(tenant: TenantId, record: log::Prepare) -> version::Prepared {
    // Checked when it was prepared.
    let coordinator = PartitionId(record.coordinator_partition as u16);
    let (transaction, deadline_ms) = (record.transaction, record.deadline_ms);
    version::Prepared { tenant, transaction, coordinator, deadline_ms }
}

impl Table for Prepared {
    const TAG: Tag = Tag::Prepared;
    type Key<'a> = &'a [u8];
    type Parsed = Bytes;
    type Row<'a> = log::Prepare;

    fn write_key(key: Writer, transaction: &[u8]) -> Writer {
        key.bytes(transaction)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<Bytes> {
        Ok(Bytes::copy_from_slice(key.rest()))
    }

    fn encode(prepare: &log::Prepare) -> Bytes {
        Writer::value(FORMAT, 1 + prepare.encoded_len()).bytes(&prepare.encode_to_vec()).finish().into()
    }

    fn decode(value: &[u8]) -> Result<log::Prepare> {
        let message = Self::reader(FORMAT, value)?.rest();
        log::Prepare::decode(message).map_err(|_| Self::corrupt("not a Prepare"))
    }
}
