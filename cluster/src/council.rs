//! A node's way to the meta group, wherever its leader is.

use crate::admission::Admission;
use crate::error::{Error, ReadError};
use crate::meta::{META, MetaStore};
use crate::placement;
use crate::raft::{Handle, Proposal};
use crate::transport::{Answer, Kind, Message, Peer, Transport};
use bytes::Bytes;
use prost::Message as _;
use proto::log::v1::{MetaCommand, MetaNode, Standing};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Until the meta group has agreed: longer than an election.
pub(crate) const AGREED: Duration = Duration::from_secs(10);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(200);

/// A node's way to have the meta group agree on something.
#[derive(Clone)]
pub(crate) struct Council {
    pub node_id: u64,
    pub meta: Handle,
    pub meta_store: Arc<MetaStore>,
    pub admission: Arc<Admission>,
    pub transport: Arc<dyn Transport>,
    /// This node would rather lead nothing.
    pub shuns_leading: Arc<AtomicBool>,
}

impl Council {
    /// Whether this node would lead the group.
    pub(crate) fn would_lead(&self, group: &Handle) -> bool {
        group.is_willing() && !self.admission.is_short() && !self.shuns_leading.load(Ordering::Relaxed)
    }

    /// Every other node that has not gone for good.
    pub(crate) fn others(&self) -> Vec<u64> {
        let stays = |node: &MetaNode| node.node_id != self.node_id && node.standing() != Standing::Removed;
        let nodes = self.meta_store.state().unwrap_or_default().nodes;
        nodes.into_iter().filter(stays).map(|node| node.node_id).collect()
    }

    /// The nodes that should vote on each partition, best leader first, in order.
    pub(crate) fn voters_of_all(&self) -> Vec<Vec<u64>> {
        self.meta_store.state().map(|state| placement::voters_of_all(&state)).unwrap_or_default()
    }

    /// Has it agree on a command, wherever its leader is. It must do no harm twice.
    pub(crate) async fn agree(&self, command: MetaCommand) -> Result<(), Error> {
        let until = Instant::now() + AGREED;
        loop {
            let error = match self.meta.leader() {
                Some(leader) if leader == self.node_id => {
                    match propose(&self.meta, &self.admission, command.clone()).await {
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

    /// Has all that was agreed on before the call be known here.
    pub(crate) async fn learn(&self) -> Result<(), Error> {
        let until = Instant::now() + AGREED;
        let fail = |reason| Error::Raft { group: META, reason };
        loop {
            let error = match self.meta.leader() {
                Some(leader) if leader == self.node_id => match self.meta.read_barrier().await {
                    Ok(()) => return Ok(()),
                    Err(error @ ReadError::Unavailable(_)) => return Err(fail(error.to_string())),
                    Err(error) => io::Error::other(error),
                },
                Some(leader) => match self.position_at(leader).await {
                    Ok(entries) if self.meta_store.reached(entries, AGREED).await => return Ok(()),
                    Ok(_) => io::Error::other("what was agreed on is not here yet"),
                    Err(error) => error,
                },
                None => io::Error::other("no node leads the meta group"),
            };
            if Instant::now() > until {
                return Err(fail(error.to_string()));
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn position_at(&self, leader: u64) -> io::Result<u64> {
        let asked = self.call(leader, Kind::Position, Bytes::new());
        let answer = timeout(AGREED, asked).await.map_err(io::Error::other)??;
        let bytes = <[u8; 8]>::try_from(&answer[..]).map_err(io::Error::other)?;
        Ok(u64::from_be_bytes(bytes))
    }

    async fn propose_at(&self, leader: u64, command: &MetaCommand) -> io::Result<Bytes> {
        let asked = self.call(leader, Kind::Propose, command.encode_to_vec().into());
        timeout(AGREED, asked).await.map_err(io::Error::other)?
    }

    /// Asks another node something of the application, or of the meta group. An error of kind `NotConnected` says that it was
    /// not asked.
    pub(crate) fn call(&self, node_id: u64, kind: Kind, body: Bytes) -> Answer {
        self.call_about(META, node_id, kind, body)
    }

    /// Asks another node something short about a group.
    pub(crate) fn ask_group(&self, group: u32, node_id: u64, kind: Kind, body: Bytes) -> Answer {
        self.call_about(group, node_id, kind, body)
    }

    fn call_about(&self, group: u32, node_id: u64, kind: Kind, body: Bytes) -> Answer {
        let addresses = self.meta_store.addresses();
        let Some(address) = addresses.get(node_id) else {
            let unknown = format!("where node {node_id} is, is not known here");
            return Box::pin(async move { Err(io::Error::new(io::ErrorKind::NotConnected, unknown)) });
        };
        let cluster = addresses.cluster();
        let message = Message { cluster, to: node_id, group, kind: kind as u32, body };
        self.transport.call(&Peer { node_id, address }, message)
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

/// Has the meta group agree on a command.
pub(crate) async fn propose(
    meta: &Handle,
    admission: &Arc<Admission>,
    command: MetaCommand,
) -> io::Result<()> {
    let permit = admission.admit(0).map_err(io::Error::other)?;
    let proposed = meta.propose(Proposal::meta(command), permit).map_err(io::Error::other)?;
    proposed.outcome().await.map(drop).map_err(io::Error::other)
}
