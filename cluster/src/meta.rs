//! The meta group's state: what all nodes must agree on about the cluster. Small, in one file. Commands, state and file
//! are messages of `proto/log`.

use crate::error::Error;
use crate::folder::{DiskFolder, Folder};
use bytes::Bytes;
use parking_lot::RwLock;
use prost::Message;
pub use proto::log::v1::MetaState;
use proto::log::v1::{MetaCommand, MetaFile};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The features this program knows. Raised when stored or sent data changes in a way an older node cannot take.
pub(crate) const FEATURE_LEVEL: u32 = 1;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::MemoryFolder;
    use proto::log::v1::MetaNode;

    fn state() -> MetaState {
        let cluster_id = "ab".to_owned();
        MetaState { cluster_id, partitions: 4, feature_level: 1, nodes: Vec::new() }
    }

    #[test]
    fn what_older_versions_wrote_is_read() {
        let command = b"\x0a\x08\x0a\x02ab\x10\x04\x18\x01\x12\x05\x08\x01\x12\x01n";
        let register = Some(MetaNode { node_id: 1, address: "n".to_owned() });
        let expected = MetaCommand { create: Some(state()), register };
        assert_eq!(MetaCommand::decode(&command[..]).unwrap(), expected);
        assert_eq!(expected.encode_to_vec(), command);
        let file = b"\x08\x05\x10\x02\x1a\x01m\x22\x08\x0a\x02ab\x10\x04\x18\x01";
        let folder = Arc::new(MemoryFolder::default());
        folder.replace(file).unwrap();
        let store = MetaStore::open(folder.clone(), Path::new("nowhere")).unwrap();
        let membership = Bytes::from_static(b"m");
        assert_eq!(store.file(), MetaFile { index: 5, term: 2, membership, state: Some(state()) });
        store.apply(6, 2, Some(&expected), None).unwrap();
        let state = MetaFile::decode(&*folder.read().unwrap().unwrap()).unwrap().state.unwrap();
        assert_eq!((state.partitions, state.nodes), (4, vec![expected.register.unwrap()]));
    }

    #[test]
    fn a_cluster_is_created_once_and_its_nodes_are_sorted() {
        let node = |node_id, address: &str| MetaNode { node_id, address: address.to_owned() };
        let mut all = None;
        let register = |all: &mut _, node| {
            let command = MetaCommand { create: Some(state()), register: Some(node) };
            change(all, &command);
        };
        register(&mut all, node(2, "b"));
        change(&mut all, &MetaCommand { create: Some(MetaState::default()), register: None });
        register(&mut all, node(1, "a"));
        register(&mut all, node(2, "c"));
        assert_eq!(all, Some(MetaState { nodes: vec![node(1, "a"), node(2, "c")], ..state() }));
    }
}
