//! Some rows of a partition: what their index values should be.

use crate::{draft, engine::Engine};
use fhir::json::{Document, Limits};
use proto::{Error, ResourceKey, TenantId, log::v1 as log};
use std::{collections::BTreeSet, sync::Arc};

/// Rows looked at together, and those of them whose values are made anew: some milliseconds.
const ROWS_MAX: usize = 2048;
const MADE_MAX: usize = 64;
/// Values that go into one log entry, and one more.
const BYTES_MAX: usize = 256 << 10;

/// What came of it.
#[derive(Default)]
pub struct Piece {
    /// Rows whose values are others now.
    pub changed: Vec<log::Reindexed>,
    /// The last row that was looked at.
    pub last: Option<ResourceKey>,
    /// There is none behind it.
    pub is_end: bool,
    /// Of the search parameters.
    pub generation: u32,
}

/// The rows behind `after` of these types.
///
/// # Errors
/// Storage's.
pub fn read(
    node: &Engine,
    rows: &Arc<storage::Partition>,
    tenant: TenantId,
    types: &BTreeSet<u32>,
    after: Option<&ResourceKey>,
) -> Result<Piece, Error> {
    let mut piece = Piece { generation: node.generation(tenant), ..Piece::default() };
    let (mut looked, mut made, mut bytes) = (0, 0, 0);
    for row in rows.scan_index(tenant, after).map_err(crate::error::storage)? {
        let row = row.map_err(crate::error::storage)?;
        if looked >= ROWS_MAX || made >= MADE_MAX || bytes >= BYTES_MAX {
            return Ok(piece);
        }
        looked += 1;
        piece.last = Some(row.key);
        if !types.contains(&u32::from(row.key.type_code.0)) {
            continue;
        }
        made += 1;
        // A row that was written since the scan began has newer values.
        let version = rows.get(tenant, &row.key).map_err(crate::error::storage)?;
        let Some(version) = version.filter(|version| version.version == row.version) else { continue };
        bytes += version.body.len();
        let Some(values) = values(node, tenant, version.body) else { continue };
        if values != row.index_values {
            bytes += values.len();
            piece.changed.push(log::Reindexed {
                key: Some(row.key.into()),
                version: row.version,
                index_values: values,
            });
        }
    }
    piece.is_end = true;
    Ok(piece)
}

/// `None`: what is stored is no resource, and has the values that it had.
fn values(node: &Engine, tenant: TenantId, body: bytes::Bytes) -> Option<bytes::Bytes> {
    // It was parsed when it was written, perhaps under greater limits.
    let unbounded = Limits { depth_max: usize::MAX, bytes_max: usize::MAX };
    let document = Document::parse(body, &unbounded).ok()?;
    draft::values(node, tenant, document.root()).ok().map(|(values, _)| values)
}
