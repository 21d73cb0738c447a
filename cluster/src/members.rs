//! The cluster's nodes: who they are, how they come and go.

use crate::cluster::Cluster;
use crate::council::AGREED;
use crate::error::Error;
use crate::meta::{self, META, MetaState};
use crate::placement;
use crate::raft::View;
use crate::transport::{Answer, Kind};
use bytes::Bytes;
use proto::PartitionId;
use proto::log::v1::{MetaCommand, MetaNewcomer, MetaNode, MetaStanding, Standing};
use std::sync::atomic::Ordering;
use tokio::time::timeout;

impl Cluster {
    /// This node's id.
    pub fn node_id(&self) -> u64 {
        self.council.node_id
    }

    /// Who leads the meta group, as far as is known here.
    pub fn chief(&self) -> Option<u64> {
        self.council.meta.leader()
    }

    /// Whether this node is all there is of its cluster.
    pub fn is_alone(&self) -> bool {
        self.council.meta_store.addresses().is_alone()
    }

    /// Names the cluster: the first half of its id. 0 as long as it is not known.
    pub fn number(&self) -> u64 {
        self.council.meta_store.addresses().cluster()
    }

    /// The nodes that should have a replica of the partition, best leader first.
    pub fn holders(&self, partition: PartitionId) -> Vec<u64> {
        self.holding.agreed(partition)
    }

    /// Whether this node should have a replica of the partition.
    pub fn should_hold(&self, partition: PartitionId) -> bool {
        self.holding.should_hold(partition, self.council.node_id)
    }

    /// Whether this node has, or will have in a moment, all rows of every partition.
    pub fn holds_all(&self) -> bool {
        self.holding.holds_all()
    }

    /// Whether it has those of any: what it is asked it can carry out, with the help of those who lead.
    pub fn holds_any(&self) -> bool {
        self.holding.holds_any()
    }

    /// Whether it has those of that one.
    pub fn holds(&self, partition: PartitionId) -> bool {
        self.holding.holds(partition)
    }

    /// Whom to ask about a partition that this node does not hold: its leader, as far as that can be guessed here.
    pub fn leader_elsewhere(&self, partition: PartitionId) -> Option<u64> {
        self.holding.asked(partition)
    }

    /// To be called when that node, asked as its leader, turned out not to lead the partition: another one is asked from then on.
    pub fn correction(&self, partition: PartitionId, node: u64) -> impl FnOnce() + Send + use<> {
        let holding = self.holding.clone();
        move || holding.does_not_lead(partition, node)
    }

    /// Whether this node is to lead nothing that another would lead.
    pub fn shun_leading(&self, shuns: bool) {
        self.council.shuns_leading.store(shuns, Ordering::Relaxed);
    }

    /// A replica here did not catch up in time: for a while [`Cluster::holds`] is false.
    pub fn is_behind(&self, partition: PartitionId) {
        self.holding.is_behind(partition);
    }

    /// Every other node that has not gone for good.
    pub fn others(&self) -> Vec<u64> {
        self.council.others()
    }

    /// Other nodes that can carry out what is asked about a partition, best asked first: who leads it, then who should hold it.
    /// `None`: about anything, and the first is who leads the meta group.
    pub fn others_for(&self, partition: Option<PartitionId>) -> Vec<u64> {
        let own = self.council.node_id;
        let (first, mut others) = match partition {
            Some(partition) => (self.leader_elsewhere(partition), self.holding.candidates(partition)),
            None => {
                let state = self.council.meta_store.state().unwrap_or_default();
                let mut holders: Vec<u64> = placement::voters_of_all(&state).concat();
                holders.sort_unstable();
                holders.dedup();
                (self.chief(), holders)
            }
        };
        others.retain(|node| *node != own);
        // Who is asked first comes first, the others as they are.
        others.sort_by_key(|node| Some(*node) != first);
        others
    }

    /// What cursors are signed with on every node, once that is agreed on; until then, `own` is proposed where this node leads.
    ///
    /// # Errors
    /// It is not agreed on yet.
    pub async fn seal(&self, own: Bytes) -> Result<Bytes, Error> {
        if self.meta().seal.is_empty() && self.chief() == Some(self.council.node_id) {
            self.council.agree(MetaCommand { seal: own, ..MetaCommand::default() }).await?;
        }
        self.once(|state| Some(state.seal.clone()).filter(|seal| !seal.is_empty())).await
    }

    /// Every group as this node sees it, the meta group (0) first.
    pub fn views(&self) -> Vec<(u32, View)> {
        self.handles().map(|(number, handle)| (number, handle.view())).collect()
    }

    /// The nodes that should vote on each group, best leader first, the meta group (0) first: where groups are on their way to.
    pub fn targets(&self) -> Vec<Vec<u64>> {
        let state = self.meta();
        let meta = placement::voters(&state, META);
        std::iter::once(meta).chain(placement::voters_of_all(&state)).collect()
    }

    /// Asks the application of another node. An error of kind `NotConnected` says that it was not asked.
    pub fn ask(&self, node_id: u64, request: Bytes) -> Answer {
        self.council.call(node_id, Kind::Request, request)
    }

    /// Gives a new node its id, or the one that it got under the same token before.
    ///
    /// # Errors
    /// Without a leader of the meta group, for some seconds.
    pub async fn admit(&self, token: Bytes, address: String) -> Result<MetaNode, Error> {
        let newcomer = MetaNewcomer { token: token.clone(), address: address.clone() };
        let free = |state: &MetaState| match meta::holder_of(state, &address) {
            Some(holder) if holder.token != token => {
                Err(Error::AddressTaken { address: address.clone(), node: holder.node_id })
            }
            _ => Ok(()),
        };
        free(&self.meta())?;
        self.council.agree(MetaCommand { admit: Some(newcomer), ..MetaCommand::default() }).await?;
        let given = |state: &MetaState| match state.nodes.iter().find(|node| node.token == token) {
            Some(node) => Some(Ok(node.clone())),
            None => free(state).err().map(Err),
        };
        self.once(given).await?
    }

    /// Gives a node another standing. Its replicas follow, in the background.
    ///
    /// # Errors
    /// Without a leader of the meta group, for some seconds.
    pub async fn stand(&self, node_id: u64, standing: Standing) -> Result<(), Error> {
        let stand = MetaStanding { node_id, standing: standing as i32 };
        self.council.agree(MetaCommand { stand: Some(stand), ..MetaCommand::default() }).await
    }

    /// Has another node lead the meta group. Whether it does is seen by who leads next.
    ///
    /// # Errors
    /// This node does not lead the meta group, or the other one does not vote in it.
    pub async fn hand_over(&self, to: u64) -> Result<(), Error> {
        let view = self.council.meta.view();
        let fail = |reason: String| Error::Raft { group: META, reason };
        if view.leader != Some(self.council.node_id) {
            return Err(fail(format!("led by {:?}, which alone can hand it over", view.leader)));
        }
        if to == self.council.node_id {
            return Ok(());
        }
        if !view.voters.contains(&to) {
            return Err(fail(format!("node {to} has no vote and cannot lead")));
        }
        self.council.meta.transfer(to).await.map_err(fail)
    }

    /// What `find` finds in the meta group's state, as soon as it is there.
    async fn once<T>(&self, find: impl Fn(&MetaState) -> Option<T>) -> Result<T, Error> {
        let mut changes = self.council.meta_store.changes();
        let found = async {
            loop {
                if let Some(found) = self.council.meta_store.state().and_then(|state| find(&state)) {
                    return found;
                }
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let late = || Error::NotReady { group: META, seconds: AGREED.as_secs() };
        timeout(AGREED, found).await.map_err(|_| late())
    }
}
