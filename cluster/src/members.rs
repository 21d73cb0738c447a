//! The cluster's nodes: who they are, how they come and go.

use crate::admission::Admission;
use crate::cluster::{Cluster, META};
use crate::error::Error;
use crate::incoming;
use crate::meta::{self, MetaState, MetaStore};
use crate::placement::{self, Step};
use crate::raft::{Handle, View};
use crate::transport::{Answer, Kind, Message, Peer, Transport};
use bytes::Bytes;
use prost::Message as _;
use proto::log::v1::{MetaCommand, MetaNewcomer, MetaNode, MetaStanding, Standing};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Until the meta group has agreed: longer than an election.
const AGREED: Duration = Duration::from_secs(10);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(200);
/// Until a step of placement has been committed.
const STEP: Duration = Duration::from_secs(30);

impl Cluster {
    /// This node's id.
    pub fn node_id(&self) -> u64 {
        self.node_id
    }

    /// Who leads the meta group, as far as is known here. It should lead every partition too.
    pub fn chief(&self) -> Option<u64> {
        self.meta.view().leader
    }

    /// Whether this node is all there is of its cluster.
    pub fn is_alone(&self) -> bool {
        self.meta_store.addresses().is_alone()
    }

    /// Whether this node is one of those that hold the partitions.
    pub fn is_holder(&self) -> bool {
        let state = self.meta_store.state();
        state.is_some_and(|state| placement::voters(&state).contains(&self.node_id))
    }

    /// Whether this node leads every partition, with everything of earlier leaders applied.
    pub fn leads_all(&self) -> bool {
        self.groups().iter().all(|group| group.is_leader())
    }

    /// Every group as this node sees it, the meta group (0) first.
    pub fn views(&self) -> Vec<(u32, View)> {
        self.handles().map(|(number, handle)| (number, handle.view())).collect()
    }

    /// Asks the application of another node. An error of kind `NotConnected` says that it was not asked.
    pub fn ask(&self, node_id: u64, request: Bytes) -> Answer {
        let Some(address) = self.meta_store.addresses().get(node_id) else {
            let unknown = format!("where node {node_id} is, is not known here");
            return Box::pin(async move { Err(io::Error::new(io::ErrorKind::NotConnected, unknown)) });
        };
        let cluster = self.meta_store.addresses().cluster();
        let message =
            Message { cluster, to: node_id, group: META, kind: Kind::Request as u32, body: request };
        self.transport.call(&Peer { node_id, address }, message)
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
        self.agree(MetaCommand { admit: Some(newcomer), ..MetaCommand::default() }).await?;
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
        self.agree(MetaCommand { stand: Some(stand), ..MetaCommand::default() }).await
    }

    /// Has another node lead the meta group; the partitions follow it. Whether it does is seen by who leads next.
    ///
    /// # Errors
    /// This node does not lead the meta group, or the other one does not vote in it.
    pub async fn hand_over(&self, to: u64) -> Result<(), Error> {
        let view = self.meta.view();
        let fail = |reason: String| Error::Raft { group: META, reason };
        if view.leader != Some(self.node_id) {
            return Err(fail(format!("led by {:?}, which alone can hand it over", view.leader)));
        }
        if !view.voters.contains(&to) {
            return Err(fail(format!("node {to} has no vote and cannot lead")));
        }
        self.meta.transfer(to).await.map_err(fail)
    }

    pub(crate) async fn agree(&self, command: MetaCommand) -> Result<(), Error> {
        self.council().agree(command).await
    }

    /// See [`Council`].
    pub(crate) fn council(&self) -> Council {
        Council {
            node_id: self.node_id,
            meta: self.meta.clone(),
            meta_store: self.meta_store.clone(),
            admission: self.admission.clone(),
            transport: self.transport.clone(),
        }
    }
}

/// A node's way to have the meta group agree on something.
#[derive(Clone)]
pub(crate) struct Council {
    node_id: u64,
    meta: Handle,
    meta_store: Arc<MetaStore>,
    admission: Arc<Admission>,
    transport: Arc<dyn Transport>,
}

impl Council {
    /// Has it agree on a command, wherever its leader is. It must do no harm twice.
    async fn agree(&self, command: MetaCommand) -> Result<(), Error> {
        let until = Instant::now() + AGREED;
        loop {
            let error = match self.meta.view().leader {
                Some(leader) if leader == self.node_id => {
                    match incoming::propose(&self.meta, &self.admission, command.clone()).await {
                        Ok(()) => return Ok(()),
                        Err(error) => error,
                    }
                }
                Some(leader) => match self.propose_at(leader, &command).await {
                    Ok(_) => return Ok(()),
                    Err(error) => error,
                },
                None => io::Error::other("no node leads the meta group"),
            };
            if Instant::now() > until {
                return Err(Error::Raft { group: META, reason: error.to_string() });
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn propose_at(&self, leader: u64, command: &MetaCommand) -> io::Result<Bytes> {
        let unknown = || io::Error::other(format!("where node {leader} is, is not known here"));
        let address = self.meta_store.addresses().get(leader).ok_or_else(unknown)?;
        let cluster = self.meta_store.addresses().cluster();
        let body = command.encode_to_vec().into();
        let message = Message { cluster, to: leader, group: META, kind: Kind::Propose as u32, body };
        let asked = self.transport.call(&Peer { node_id: leader, address }, message);
        timeout(AGREED, asked).await.map_err(io::Error::other)?
    }

    /// Has the others know this node's address, until they do.
    pub(crate) async fn register(self, address: String) {
        let stands = |node: &MetaNode| node.node_id == self.node_id && node.address == address;
        loop {
            let state = self.meta_store.state();
            if state.as_ref().is_some_and(|state| state.nodes.iter().any(stands)) {
                return;
            }
            // Before the state is here, nobody can be asked.
            if state.is_some() {
                let node =
                    MetaNode { node_id: self.node_id, address: address.clone(), ..MetaNode::default() };
                let command = MetaCommand { register: Some(node), ..MetaCommand::default() };
                if let Err(error) = self.agree(command).await {
                    tracing::warn!(%error, address, "this node's address is not known to the others yet; it is told again");
                }
            }
            tokio::time::sleep(AGREED / 10).await;
        }
    }
}

impl Cluster {
    /// What `find` finds in the meta group's state, as soon as it is there.
    async fn once<T>(&self, find: impl Fn(&MetaState) -> Option<T>) -> Result<T, Error> {
        let mut changes = self.meta_store.changes();
        let found = async {
            loop {
                if let Some(found) = self.meta_store.state().and_then(|state| find(&state)) {
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

/// Takes a group's next steps while this node leads it, for ever.
pub(crate) async fn place(placing: Placing) {
    let mut changes = placing.meta_store.changes();
    loop {
        // The one, or the other.
        let _ = timeout(placing.pause, changes.changed()).await;
        while let Some(step) = placing.next() {
            tracing::info!(group = placing.number, ?step, "placing replicas");
            let taken = timeout(STEP, placing.take(step.clone())).await;
            let taken = taken.unwrap_or_else(|_| Err(format!("not agreed on within {STEP:?}")));
            if let Err(reason) = taken {
                tracing::warn!(group = placing.number, ?step, reason, "a step of placement is tried again");
                break;
            }
            if matches!(step, Step::HandOver(_)) {
                break;
            }
        }
    }
}

/// What placing one group needs.
pub(crate) struct Placing {
    pub number: u32,
    pub node_id: u64,
    pub group: Handle,
    pub meta: Handle,
    pub meta_store: Arc<MetaStore>,
    pub pause: Duration,
}

impl Placing {
    fn next(&self) -> Option<Step> {
        if !self.group.leads() {
            return None;
        }
        let state = self.meta_store.state()?;
        let chief = (self.number != META).then(|| self.meta.view().leader).flatten();
        placement::next(&state, &self.group.view(), self.node_id, self.number == META, chief)
    }

    async fn take(&self, step: Step) -> Result<(), String> {
        // In the meta group who has no vote any more goes on listening.
        let keep_others = self.number == META;
        match step {
            Step::Add(node) => {
                let address = self.meta_store.addresses().of(node, "");
                self.group.add_learner(node, &address).await
            }
            Step::End => self.group.end_change(keep_others).await,
            Step::Vote(voters) => self.group.change_voters(voters, keep_others).await,
            Step::Remove(nodes) => self.group.remove_learners(nodes).await,
            Step::HandOver(to) => self.group.transfer(to).await,
        }
    }
}
