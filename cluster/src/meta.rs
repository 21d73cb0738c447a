//! The meta group's state: what all nodes must agree on about the cluster. Small, in one file.

use crate::error::Error;
use crate::folder::{DiskFolder, Folder};
use bytes::Bytes;
use parking_lot::RwLock;
use prost::Message;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The features this program knows. Raised when stored or sent data changes in a way an older node cannot take.
pub(crate) const FEATURE_LEVEL: u32 = 1;

/// What the meta group agreed on.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct MetaState {
    /// Random, made with the cluster.
    #[prost(string, tag = "1")]
    pub cluster_id: String,
    /// Fixed with the cluster.
    #[prost(uint32, tag = "2")]
    pub partitions: u32,
    /// Nodes older than this must not join.
    #[prost(uint32, tag = "3")]
    pub feature_level: u32,
    /// All that belong to it, by id.
    #[prost(message, repeated, tag = "4")]
    pub nodes: Vec<NodeEntry>,
}

/// One registered node.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct NodeEntry {
    /// Never used again.
    #[prost(uint64, tag = "1")]
    pub node_id: u64,
    /// Where others reach it; empty on a single node.
    #[prost(string, tag = "2")]
    pub address: String,
}

/// A command of the meta group. Stored in its log: field numbers are never used twice.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct MetaCommand {
    /// Creates the cluster; nothing where it exists.
    #[prost(message, optional, tag = "1")]
    pub create: Option<MetaState>,
    /// Adds a node or gives it another address.
    #[prost(message, optional, tag = "2")]
    pub register: Option<NodeEntry>,
}

/// The file: state and how far the group is, replaced as a whole.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct MetaFile {
    /// As the storage crate counts: 1 is the first entry, 0 none.
    #[prost(uint64, tag = "1")]
    pub index: u64,
    #[prost(uint64, tag = "2")]
    pub term: u64,
    #[prost(bytes = "bytes", tag = "3")]
    pub membership: Bytes,
    #[prost(message, optional, tag = "4")]
    pub state: Option<MetaState>,
}

/// The state with its file.
pub(crate) struct MetaStore {
    folder: Arc<dyn Folder>,
    file: RwLock<MetaFile>,
}

impl MetaStore {
    /// What is in `folder`, which errors call `dir`.
    pub(crate) fn open(folder: Arc<dyn Folder>, dir: &Path) -> Result<Self, Error> {
        let path = || dir.join(DiskFolder::FILE);
        let bytes = folder.read().map_err(|source| Error::Io { path: path(), source })?;
        let file = MetaFile::decode(bytes.unwrap_or_default().as_slice())
            .map_err(|error| Error::Corrupt { path: path(), reason: error.to_string() })?;
        Ok(MetaStore { folder, file: RwLock::new(file) })
    }

    pub(crate) fn state(&self) -> Option<MetaState> {
        self.file.read().state.clone()
    }

    /// What is applied, all of it durable.
    pub(crate) fn file(&self) -> MetaFile {
        self.file.read().clone()
    }

    /// Applies one entry; durable when this returns.
    pub(crate) fn apply(
        &self,
        index: u64,
        term: u64,
        command: Option<&MetaCommand>,
        membership: Option<Bytes>,
    ) -> io::Result<()> {
        let mut next = self.file();
        (next.index, next.term) = (index, term);
        next.membership = membership.unwrap_or(next.membership);
        if let Some(command) = command {
            change(&mut next.state, command);
        }
        self.folder.replace(&next.encode_to_vec())?;
        *self.file.write() = next;
        Ok(())
    }
}

fn change(state: &mut Option<MetaState>, command: &MetaCommand) {
    if let (None, Some(create)) = (&state, &command.create) {
        *state = Some(create.clone());
    }
    if let (Some(state), Some(node)) = (state, &command.register) {
        state.nodes.retain(|known| known.node_id != node.node_id);
        state.nodes.push(node.clone());
        state.nodes.sort_by_key(|node| node.node_id);
    }
}
