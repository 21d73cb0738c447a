//! What is known of a resource besides its index values.

use proto::id::{ResourceId, TypeCode};

/// What a search can ask of a resource besides its index values.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Its type.
    pub type_code: TypeCode,
    /// Its logical id, for `_id`.
    pub id: &'a ResourceId,
    /// Milliseconds since the epoch.
    pub last_updated_ms: u64,
}
