//! Identity and routing: tenant → slot → partition, resource ids, compartment and resource keys.
//!
//! The slot function is part of the stored format: it is fixed for good (see [`home_slot`]).

mod assigned;
mod key;
mod partition_map;
mod resource_id;
mod tenant_name;

pub use assigned::AssignedId;
pub use key::{CompartmentKey, ResourceKey};
pub use partition_map::PartitionMap;
pub use resource_id::{InvalidId, ResourceId};
pub use tenant_name::{InvalidTenantName, TenantName};

use std::fmt;

/// A tenant's number. The default tenant is 1; 0 is never used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(pub u32);

impl TenantId {
    /// The one that is always there.
    pub const DEFAULT: TenantId = TenantId(1);
}

/// One of 65,536 slots of the key space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u16);

/// A slice of the key space, and the number of the Raft group that replicates it. Group 0 is the meta group, so the
/// first partition is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionId(pub u16);

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

/// A resource type's number (`fhir/definitions/type-codes.txt`), never reused. The layers below FHIR see only this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeCode(pub u16);

/// The slot where a resource id is looked up first: the one inside a server-assigned id, else
/// `xxh3_64(tenant u32 BE ‖ type code u16 BE ‖ id) mod 2^16`. Fixed for good: stored data depends on it.
pub fn home_slot(tenant: TenantId, type_code: TypeCode, id: &str) -> Slot {
    if let Some(assigned) = AssignedId::parse(id) {
        return assigned.slot();
    }
    let mut bytes = [0_u8; 6 + ResourceId::LEN_MAX];
    bytes[..4].copy_from_slice(&tenant.0.to_be_bytes());
    bytes[4..6].copy_from_slice(&type_code.0.to_be_bytes());
    let id = id.as_bytes();
    let len = id.len().min(ResourceId::LEN_MAX);
    bytes[6..6 + len].copy_from_slice(&id[..len]);
    Slot(xxhash_rust::xxh3::xxh3_64(&bytes[..6 + len]) as u16)
}

/// The slot of any other key that has to live somewhere: an idempotency key, normalised search criteria.
pub fn key_slot(tenant: TenantId, key: &[u8]) -> Slot {
    Slot(xxhash_rust::xxh3::xxh3_64_with_seed(key, u64::from(tenant.0)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_function_never_changes() {
        assert_eq!(home_slot(TenantId(1), TypeCode(103), "example"), Slot(EXAMPLE_SLOT));
        let assigned = AssignedId::new(1_700_000_000_000, Slot(4711), 42);
        assert_eq!(home_slot(TenantId(9), TypeCode(1), assigned.to_id().as_str()), Slot(4711));
    }

    /// Computed with the reference implementation of XXH3 (the `xxhash` of Python): tenant 1, type 103, `example`.
    const EXAMPLE_SLOT: u16 = 51_222;
}
