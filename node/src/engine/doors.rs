//! Where clients reach the nodes.

use parking_lot::RwLock;
use std::collections::BTreeMap;

/// The gRPC address of each other node, as it said last; empty: not to be reached from elsewhere.
#[derive(Default)]
pub struct Doors(RwLock<BTreeMap<u64, String>>);

impl Doors {
    /// That node says so.
    pub fn learn(&self, node: u64, address: String) {
        self.0.write().insert(node, address);
    }

    /// `None`: it has not said anything yet.
    pub fn of(&self, node: u64) -> Option<String> {
        self.0.read().get(&node).cloned()
    }
}
