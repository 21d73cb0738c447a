//! The contracts: what goes over the wires ([`api`]), between nodes ([`internal`]), what the log keeps forever ([`log`]), the ids that route
//! everything ([`id`]), the keys of what goes along with a call ([`metadata`]) and the one table of error codes
//! ([`error`]).

mod content;
pub mod error;
pub mod id;
pub mod metadata;

/// The public gRPC API.
pub mod api {
    #[allow(missing_docs, clippy::all)]
    pub mod v1 {
        tonic::include_proto!("salamander.api.v1");
    }
}

/// What the nodes of a cluster say to each other.
pub mod internal {
    #[allow(missing_docs, clippy::all)]
    pub mod v1 {
        tonic::include_proto!("salamander.internal.v1");
    }
}

/// What the Raft log holds.
pub mod log {
    #[allow(missing_docs, clippy::all)]
    pub mod v1 {
        tonic::include_proto!("salamander.log.v1");
    }
}

/// The encoded `FileDescriptorSet` of all contracts, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

pub use content::content;
pub use error::{Code, Error};
pub use id::{
    CompartmentKey, PartitionId, PartitionMap, ResourceId, ResourceKey, Slot, TenantId, TenantName, TypeCode,
};
