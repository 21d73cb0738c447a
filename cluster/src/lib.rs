//! The Raft groups of one node: partition map, proposals, read barriers, leadership. Knows no FHIR.
//!
//! [`Cluster::start`] opens one group per partition and the meta group on the node's one log; [`Group`] is a
//! caller's handle. The Raft library is named in `raft/` only. See `README.md` for the map and the limits.

#![warn(missing_docs)]

mod addresses;
mod admission;
pub mod backup;
mod beats;
mod cluster;
mod council;
mod entropy;
mod error;
mod failure;
mod figures;
mod folder;
mod group;
mod holding;
mod incoming;
mod indexing;
mod join;
mod kept;
mod maintenance;
mod members;
mod meta;
mod meters;
mod observer;
mod options;
mod parameters;
mod parts;
mod placement;
mod placing;
mod raft;
mod registry;
mod simulation;
mod tenants;
pub mod threads;
mod transport;
mod vacating;
mod witness;

pub use cluster::Cluster;
pub use entropy::Entropy;
pub use error::{Error, ProposeError, ReadError};
pub use failure::{Failure, Part};
pub use figures::{DiskFigures, Figures, GroupFigures, GroupState, Progress};
pub use folder::{DiskFolder, DiskSpace, Folder, MemoryFolder};
pub use group::Group;
pub use indexing::WALKS_MAX;
pub use join::{Identity, Joining, Known, MetaNode, known, known_tenants};
pub use kept::Hold;
pub use meta::MetaState;
pub use observer::Observer;
pub use options::{Options, Proof};
pub use parts::Parts;
pub use proto::log::v1::{MetaTenant, Standing};
pub use raft::View;
pub use simulation::sync_later;
pub use transport::{Answer, Kind, Message, Nowhere, Peer, Pieces, Receiver, Transport};
pub use witness::{Outcome, Witness};
