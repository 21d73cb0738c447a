//! Rows and hits, as nodes tell each other.

use super::{
    applied::{id_from, key_from},
    ask::incomplete,
};
use bytes::Bytes;
use proto::{Error, PartitionId, ResourceKey, TenantId, TypeCode, internal::v1 as wire};
use search::{Hit, Looked, SortKey, Start};
use storage::{Method, Version};

/// How another node asks for rows.
pub const ROWS: &str = "partition-rows";

/// One version that matched a search.
pub fn numbered(key: &ResourceKey, version: u64) -> wire::Numbered {
    wire::Numbered { key: Some((*key).into()), version }
}

/// For another node.
pub fn version_to(row: Version) -> wire::Row {
    wire::Row {
        key: Some(row.key.into()),
        version: row.version,
        last_updated_ms: row.last_updated_ms,
        method: row.method as i32,
        body: row.body,
        index: row.index,
        seq: row.seq,
    }
}

/// From another node.
///
/// # Errors
/// `Internal` for what this version cannot read.
pub fn version_from(row: &wire::Row) -> Result<Version, Error> {
    Ok(Version {
        key: key_from(row.key.as_ref())?,
        version: row.version,
        last_updated_ms: row.last_updated_ms,
        method: Method::from_log(row.method).ok_or_else(|| incomplete("a version's method"))?,
        body: row.body.clone(),
        index: row.index,
        seq: row.seq,
    })
}

/// For another node.
pub fn hit_to(hit: &Hit) -> wire::Hit {
    wire::Hit {
        partition: u32::from(hit.partition.0),
        key: Some(hit.key.into()),
        version: hit.version,
        last_updated_ms: hit.last_updated_ms,
        order: Bytes::copy_from_slice(hit.order()),
    }
}

/// What another node found for `tenant`.
///
/// # Errors
/// `Internal` for what this version cannot read.
pub fn hit_from(tenant: TenantId, hit: &wire::Hit) -> Result<Hit, Error> {
    let partition = PartitionId(hit.partition as u16);
    let (key, written) = (key_from(hit.key.as_ref())?, (hit.version, hit.last_updated_ms));
    Ok(Hit::told(tenant, partition, key, written, hit.order.as_ref().into()))
}

/// For another node.
pub fn looked_to(looked: &Looked) -> wire::Looked {
    let Looked { segments, documents, entries, rows } = *looked;
    wire::Looked { segments, documents, entries, rows }
}

/// From another node.
pub fn looked_from(looked: &wire::Looked) -> Looked {
    let wire::Looked { segments, documents, entries, rows } = *looked;
    Looked { segments, documents, entries, rows }
}

/// For another node: where the page of a search begins.
pub fn start_to(start: &Start, look: &mut wire::SearchLook) {
    look.after = Some(place_to(&start.place));
    (look.before, look.back) = (!start.is_behind, start.is_back);
}

/// Of a search as another node is asked for it. What earlier versions do not know has it inverted, which they refuse.
pub fn digest_to(digest: u64, look: &wire::SearchLook) -> u64 {
    if is_new(look) { !digest } else { digest }
}

fn is_new(look: &wire::SearchLook) -> bool {
    look.before || look.back || look.joined.iter().any(|joined| !joined.many.is_empty())
}

/// The digest of the search that another node asks for.
pub fn digest_from(look: &wire::SearchLook) -> u64 {
    if is_new(look) { !look.digest } else { look.digest }
}

/// From another node: where the page of a search begins.
///
/// # Errors
/// `Internal` for what is none.
pub fn start_from(look: &wire::SearchLook) -> Result<Option<Start>, Error> {
    let start = |place| Ok(Start { place: place_from(place)?, is_behind: !look.before, is_back: look.back });
    look.after.as_ref().map(start).transpose()
}

fn place_to(place: &SortKey) -> wire::Place {
    wire::Place {
        order: Bytes::copy_from_slice(&place.order),
        hash: place.hash,
        type_code: u32::from(place.type_code.0),
        id: place.id.as_str().to_owned(),
    }
}

fn place_from(place: &wire::Place) -> Result<SortKey, Error> {
    let type_code = TypeCode(place.type_code as u16);
    let order = place.order.as_ref().into();
    Ok(SortKey { order, hash: place.hash, type_code, id: id_from(&place.id)? })
}
