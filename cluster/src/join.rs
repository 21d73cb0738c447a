//! Becoming a node of a cluster that exists.

use crate::entropy::Entropy;
use crate::error::Error;
use crate::folder::{DiskFolder, Folder};
use crate::meta::MetaStore;
use bytes::{BufMut, Bytes};
use proto::TenantId;
pub use proto::log::v1::{MetaIdentity as Identity, MetaNode};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a folder says of its node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Who it is, where it joined a cluster; `None` for a founder, a new folder, and one whose joining has not ended.
    pub identity: Option<Identity>,
    /// Where others reached it last, where it was ever told.
    pub address: Option<String>,
    /// No other node is known.
    pub is_alone: bool,
}

/// The tenants that the folder of a node that does not run knows to be there, the default one first.
///
/// # Errors
/// What cannot be read.
pub fn known_tenants(folder: Arc<dyn Folder>, dir: &Path) -> Result<Vec<TenantId>, Error> {
    let state = MetaStore::open(folder, dir)?.state().unwrap_or_default();
    let there = state.tenants.iter().filter(|one| one.ended_ms == 0).map(|one| TenantId(one.tenant));
    Ok(std::iter::once(TenantId::DEFAULT).chain(there).collect())
}

/// What is known of a node before it starts. `founder`: the id it has where it founds a cluster.
///
/// # Errors
/// What cannot be read.
pub fn known(folder: Arc<dyn Folder>, dir: &Path, founder: u64) -> Result<Known, Error> {
    let store = MetaStore::open(folder, dir)?;
    let identity = store.identity().filter(|identity| identity.node_id > 0);
    let node_id = identity.as_ref().map_or(founder, |identity| identity.node_id);
    let address = store.addresses().get(node_id).filter(|address| !address.is_empty());
    let is_alone = store.addresses().is_alone();
    Ok(Known { identity, address: address.map(|address| address.to_string()), is_alone })
}

/// A folder that is to become a node's of a cluster: from the first request to the answer.
pub struct Joining {
    store: MetaStore,
    path: PathBuf,
    token: Bytes,
}

impl Joining {
    /// Makes the token that names this node until it has an id, and keeps it: a request that is sent again, also by a later
    /// life, gets the same id. `None` where the folder is a node's of a cluster already.
    ///
    /// # Errors
    /// [`Error::Founder`] where the folder has the data of a cluster of its own; what cannot be read or written.
    pub fn begin(folder: Arc<dyn Folder>, dir: &Path, entropy: &Entropy) -> Result<Option<Joining>, Error> {
        let store = MetaStore::open(folder, dir)?;
        let path = dir.join(DiskFolder::FILE);
        let identity = store.identity();
        match (&identity, store.state()) {
            (Some(identity), _) if identity.node_id > 0 => return Ok(None),
            (None, Some(_)) => return Err(Error::Founder { path }),
            _ => {}
        }
        let mut token = identity.map_or(Bytes::new(), |identity| identity.token);
        if token.is_empty() {
            let mut made = Vec::with_capacity(16);
            made.put_u64(entropy.number());
            made.put_u64(entropy.number());
            token = made.into();
            let kept = Identity { token: token.clone(), ..Identity::default() };
            store.join(kept).map_err(|source| Error::Io { path: path.clone(), source })?;
        }
        Ok(Some(Joining { store, path, token }))
    }

    /// Names this node in its request.
    pub fn token(&self) -> Bytes {
        self.token.clone()
    }

    /// Keeps what the cluster answered.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn end(self, identity: Identity) -> Result<(), Error> {
        let identity = Identity { token: self.token, ..identity };
        self.store.join(identity).map_err(|source| Error::Io { path: self.path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::MemoryFolder;

    #[test]
    fn a_node_that_asks_again_is_the_same_node() {
        let folder = Arc::new(MemoryFolder::default());
        let begin = || Joining::begin(folder.clone(), "nowhere".as_ref(), &Entropy::system()).unwrap();
        let token = begin().unwrap().token();
        assert_eq!(token.len(), 16);
        assert_eq!(begin().unwrap().token(), token, "also after a crash");
        assert_eq!(
            known(folder.clone(), "nowhere".as_ref(), 1).unwrap(),
            Known { is_alone: true, ..Known::default() }
        );
        let given = Identity { node_id: 3, cluster_id: "c".to_owned(), partitions: 4, ..Identity::default() };
        begin().unwrap().end(given.clone()).unwrap();
        assert!(begin().is_none());
        let known = known(folder.clone(), "nowhere".as_ref(), 1).unwrap();
        assert_eq!(
            known,
            Known { identity: Some(Identity { token, ..given }), address: None, is_alone: true }
        );
    }
}
