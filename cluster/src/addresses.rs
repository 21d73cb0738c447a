//! Which cluster this is, and where its nodes are reached.

use parking_lot::RwLock;
use proto::log::v1::{MetaFile, MetaNode};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// As far as the meta group's state is known here. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Addresses(Arc<Known>);

#[derive(Default)]
struct Known {
    cluster: AtomicU64,
    /// There is more than one node.
    others: AtomicBool,
    nodes: RwLock<BTreeMap<u64, Arc<str>>>,
}

impl Addresses {
    /// Takes on what a node's file says.
    pub(crate) fn learn(&self, file: &MetaFile) {
        let ids = file.state.iter().map(|state| &state.cluster_id);
        let ids = ids.chain(file.identity.iter().map(|identity| &identity.cluster_id));
        if let Some(number) = ids.filter_map(|id| number_of(id)).next() {
            self.0.cluster.store(number, Ordering::Release);
        }
        let seeds = file.identity.iter().flat_map(|identity| &identity.seeds);
        seeds.chain(file.state.iter().flat_map(|state| &state.nodes)).for_each(|node| self.know(node));
    }

    fn know(&self, node: &MetaNode) {
        let mut nodes = self.0.nodes.write();
        if nodes.get(&node.node_id).is_none_or(|address| **address != *node.address) {
            nodes.insert(node.node_id, node.address.as_str().into());
        }
        self.0.others.store(nodes.len() > 1, Ordering::Relaxed);
    }

    /// Whether no other node is known.
    pub(crate) fn is_alone(&self) -> bool {
        !self.0.others.load(Ordering::Relaxed)
    }

    /// The cluster in every message: its id's first half. 0 as long as it is not known.
    pub(crate) fn cluster(&self) -> u64 {
        self.0.cluster.load(Ordering::Acquire)
    }

    /// The latest address of a node, else what its group's membership says.
    pub(crate) fn of(&self, node_id: u64, in_membership: &str) -> Arc<str> {
        self.get(node_id).unwrap_or_else(|| in_membership.into())
    }

    pub(crate) fn get(&self, node_id: u64) -> Option<Arc<str>> {
        self.0.nodes.read().get(&node_id).cloned()
    }
}

fn number_of(cluster_id: &str) -> Option<u64> {
    u64::from_str_radix(cluster_id.get(..16)?, 16).ok()
}
