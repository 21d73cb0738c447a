//! The meta group's state: what all nodes must agree on about the cluster. Small, in one file. Commands, state and file
//! are messages of `proto/log`.

use crate::addresses::Addresses;
use crate::error::Error;
use crate::folder::{DiskFolder, Folder};
use crate::indexing;
use crate::tenants;
use bytes::Bytes;
use parking_lot::RwLock;
use prost::Message;
use proto::TenantId;
pub use proto::log::v1::MetaState;
use proto::log::v1::{MetaCommand, MetaFile, MetaIdentity, MetaIndexing, MetaNode, Standing};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// The number of the meta group in the log.
pub(crate) const META: u32 = 0;

/// The features this program knows. Raised when stored or sent data changes in a way an older node cannot take.
pub(crate) const FEATURE_LEVEL: u32 = 4;

/// The state with its file.
pub(crate) struct MetaStore {
    folder: Arc<dyn Folder>,
    file: RwLock<MetaFile>,
    addresses: Addresses,
    changed: watch::Sender<u64>,
}

impl MetaStore {
    /// What is in `folder`, which errors call `dir`.
    pub(crate) fn open(folder: Arc<dyn Folder>, dir: &Path) -> Result<Self, Error> {
        let path = || dir.join(DiskFolder::FILE);
        let bytes = folder.read().map_err(|source| Error::Io { path: path(), source })?;
        let file = MetaFile::decode(bytes.unwrap_or_default().as_slice())
            .map_err(|error| Error::Corrupt { path: path(), reason: error.to_string() })?;
        let addresses = Addresses::default();
        addresses.learn(&file);
        Ok(MetaStore { folder, file: RwLock::new(file), addresses, changed: watch::Sender::new(0) })
    }

    /// Where the nodes are that the state names.
    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    pub(crate) fn state(&self) -> Option<MetaState> {
        self.file.read().state.clone()
    }

    /// What is applied, all of it durable.
    pub(crate) fn file(&self) -> MetaFile {
        self.file.read().clone()
    }

    /// All of it, for another node.
    pub(crate) fn export(&self) -> Bytes {
        let own = MetaFile { identity: None, ..self.file() };
        own.encode_to_vec().into()
    }

    /// Takes on another node's state; durable when this returns.
    pub(crate) fn install(&self, exported: Bytes) -> io::Result<()> {
        let next =
            MetaFile::decode(exported).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.replace(MetaFile { identity: self.file().identity, ..next })
    }

    /// Who this node is, where it joined a cluster.
    pub(crate) fn identity(&self) -> Option<MetaIdentity> {
        self.file.read().identity.clone()
    }

    /// Becomes that node of that cluster, before it has anything of it.
    pub(crate) fn join(&self, identity: MetaIdentity) -> io::Result<()> {
        self.replace(MetaFile { identity: Some(identity), ..self.file() })
    }

    fn replace(&self, next: MetaFile) -> io::Result<()> {
        self.folder.replace(&next.encode_to_vec())?;
        self.addresses.learn(&next);
        *self.file.write() = next;
        self.changed.send_modify(|version| *version += 1);
        Ok(())
    }

    /// How often the state has changed since it was opened.
    pub(crate) fn version(&self) -> u64 {
        *self.changed.borrow()
    }

    /// Waits until so many entries are applied; `false` where that took too long.
    pub(crate) async fn reached(&self, entries: u64, within: Duration) -> bool {
        let mut changes = self.changes();
        let there = async {
            while self.file.read().index < entries {
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        timeout(within, there).await.is_ok()
    }

    /// A tenant's part of the state.
    pub(crate) fn indexing(&self, tenant: u32) -> MetaIndexing {
        let file = self.file.read();
        let all = file.state.as_ref().map(|state| state.indexing.as_slice()).unwrap_or_default();
        all.iter()
            .find(|one| one.tenant == tenant)
            .cloned()
            .unwrap_or(MetaIndexing { tenant, ..Default::default() })
    }

    /// Tenants that are there and have one.
    pub(crate) fn indexed_tenants(&self) -> Vec<TenantId> {
        let file = self.file.read();
        let Some(state) = &file.state else { return vec![] };
        let all = state.indexing.iter().map(|one| one.tenant);
        all.filter(|tenant| tenants::is_there(state, *tenant)).map(TenantId).collect()
    }

    /// Hears of every change of the state.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
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
        self.replace(next)
    }
}

fn change(state: &mut Option<MetaState>, command: &MetaCommand) {
    if let (None, Some(create)) = (&state, &command.create) {
        *state = Some(create.clone());
    }
    let Some(state) = state else { return };
    if let Some(node) = &command.register {
        register(state, node);
    }
    if let Some(newcomer) = &command.admit
        && !state.nodes.iter().any(|node| node.token == newcomer.token)
        && holder_of(state, &newcomer.address).is_none()
    {
        let last = state.nodes.last().map_or(0, |node| node.node_id);
        let (address, token) = (newcomer.address.clone(), newcomer.token.clone());
        state.nodes.push(MetaNode { node_id: last + 1, address, token, ..MetaNode::default() });
    }
    if state.seal.is_empty() {
        state.seal = command.seal.clone();
    }
    change_tenants(state, command);
    let partitions = state.partitions;
    if let Some(change) = command.parameters.as_ref().filter(|one| tenants::is_there(state, one.tenant)) {
        // Older nodes would take writes that they have to refuse.
        state.feature_level = state.feature_level.max(indexing::FEATURE_LEVEL);
        indexing::change(indexing::of(&mut state.indexing, change.tenant), change);
    }
    if let Some(told) = command.indexed.as_ref().filter(|one| tenants::is_there(state, one.tenant)) {
        indexing::advance(indexing::of(&mut state.indexing, told.tenant), told, partitions);
    }
    if let Some(stand) = &command.stand
        && let Some(node) = state.nodes.iter_mut().find(|node| node.node_id == stand.node_id)
        // Who has gone does not come back under the same id.
        && node.standing() != Standing::Removed
    {
        node.standing = stand.standing;
    }
}

fn change_tenants(state: &mut MetaState, command: &MetaCommand) {
    if let Some(new) = &command.new_tenant {
        // Older nodes would answer for the default one.
        state.feature_level = state.feature_level.max(tenants::FEATURE_LEVEL);
        tenants::create(state, new);
    }
    if let Some(ended) = &command.ended_tenant {
        tenants::end(state, ended);
    }
    if command.refused_tenant != 0 {
        tenants::refuse(state, command.refused_tenant);
    }
    if let Some(told) = &command.dropped {
        tenants::advance(state, told);
    }
}

/// The node that has an address: another one there would be taken for it.
pub(crate) fn holder_of<'a>(state: &'a MetaState, address: &str) -> Option<&'a MetaNode> {
    state.nodes.iter().find(|node| node.address == address && node.standing() != Standing::Removed)
}

/// Another address for a node that is known, else a new node.
fn register(state: &mut MetaState, node: &MetaNode) {
    match state.nodes.iter_mut().find(|known| known.node_id == node.node_id) {
        Some(known) => known.address.clone_from(&node.address),
        None => {
            state.nodes.push(node.clone());
            state.nodes.sort_by_key(|node| node.node_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::MemoryFolder;
    use proto::log::v1::{MetaNewcomer, MetaNode, MetaStanding};

    fn state() -> MetaState {
        let cluster_id = "ab".to_owned();
        MetaState { cluster_id, partitions: 4, feature_level: 1, ..MetaState::default() }
    }

    #[test]
    fn what_older_versions_wrote_is_read() {
        let command = b"\x0a\x08\x0a\x02ab\x10\x04\x18\x01\x12\x05\x08\x01\x12\x01n";
        let register = Some(MetaNode { node_id: 1, address: "n".to_owned(), ..MetaNode::default() });
        let expected = MetaCommand { create: Some(state()), register, ..MetaCommand::default() };
        assert_eq!(MetaCommand::decode(&command[..]).unwrap(), expected);
        assert_eq!(expected.encode_to_vec(), command);
        let file = b"\x08\x05\x10\x02\x1a\x01m\x22\x08\x0a\x02ab\x10\x04\x18\x01";
        let folder = Arc::new(MemoryFolder::default());
        folder.replace(file).unwrap();
        let store = MetaStore::open(folder.clone(), Path::new("nowhere")).unwrap();
        let membership = Bytes::from_static(b"m");
        assert_eq!(
            store.file(),
            MetaFile { index: 5, term: 2, membership, state: Some(state()), identity: None }
        );
        store.apply(6, 2, Some(&expected), None).unwrap();
        let state = MetaFile::decode(&*folder.read().unwrap().unwrap()).unwrap().state.unwrap();
        assert_eq!((state.partitions, state.nodes), (4, vec![expected.register.unwrap()]));
    }

    #[test]
    fn a_cluster_is_created_once_and_its_nodes_are_sorted() {
        let node =
            |node_id, address: &str| MetaNode { node_id, address: address.to_owned(), ..MetaNode::default() };
        let mut all = None;
        let register = |all: &mut _, node| {
            let command =
                MetaCommand { create: Some(state()), register: Some(node), ..MetaCommand::default() };
            change(all, &command);
        };
        register(&mut all, node(2, "b"));
        change(&mut all, &MetaCommand { create: Some(MetaState::default()), ..MetaCommand::default() });
        register(&mut all, node(1, "a"));
        register(&mut all, node(2, "c"));
        assert_eq!(all, Some(MetaState { nodes: vec![node(1, "a"), node(2, "c")], ..state() }));
    }

    #[test]
    fn the_first_seal_stands() {
        let seal =
            |bytes: &'static [u8]| MetaCommand { seal: Bytes::from_static(bytes), ..MetaCommand::default() };
        let mut all = Some(state());
        change(&mut all, &MetaCommand::default());
        change(&mut all, &seal(b"one"));
        change(&mut all, &seal(b"two"));
        change(&mut all, &MetaCommand::default());
        assert_eq!(all.unwrap().seal, "one");
    }

    #[test]
    fn a_newcomer_gets_an_id_once_and_no_id_is_used_again() {
        let admit = |token: &'static [u8]| MetaCommand {
            admit: Some(MetaNewcomer {
                token: Bytes::from_static(token),
                address: String::from_utf8(token.to_vec()).unwrap(),
            }),
            ..MetaCommand::default()
        };
        let stand = |node_id, standing| MetaCommand {
            stand: Some(MetaStanding { node_id, standing: standing as i32 }),
            ..MetaCommand::default()
        };
        let mut all = Some(state());
        let ids = |all: &Option<MetaState>| -> Vec<(u64, Standing)> {
            all.as_ref().unwrap().nodes.iter().map(|node| (node.node_id, node.standing())).collect()
        };
        change(&mut all, &admit(b"x"));
        change(&mut all, &admit(b"y"));
        change(&mut all, &admit(b"x"));
        assert_eq!(ids(&all), [(1, Standing::Member), (2, Standing::Member)]);
        change(&mut all, &stand(2, Standing::Removed));
        change(&mut all, &stand(2, Standing::Member));
        change(&mut all, &stand(7, Standing::Draining));
        let mut taken = admit(b"w");
        taken.admit.as_mut().unwrap().address = "x".to_owned();
        change(&mut all, &taken);
        change(&mut all, &admit(b"z"));
        assert_eq!(ids(&all), [(1, Standing::Member), (2, Standing::Removed), (3, Standing::Member)]);
    }
}
