//! The library's way to the other replicas of a group, over the node's one transport.

use super::snapshot::{self, Line, Means, Rows};
use super::{Types, Vote, wire};
use crate::addresses::Addresses;
use crate::transport::{Answer, Kind, Message, Peer, Pieces, Transport};
use bytes::Bytes;
use openraft::alias::SnapshotOf;
use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable};
use openraft::network::{RPCOption, RPCTypes, RaftNetworkFactory, v2::RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{BasicNode, OptionalSend};
use prost::Message as _;
use proto::internal::v1 as internal;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Makes the connections of one group.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) group: u32,
    pub(crate) node_id: u64,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) addresses: Addresses,
    pub(crate) means: Means,
}

/// A group's connection to one node.
pub(crate) struct Connection {
    network: Network,
    target: u64,
    /// As the membership has it.
    address: String,
}

/// An append without entries is smaller.
const HEARTBEAT_BYTES: usize = 128;
/// Until a slow disk has synced what was sent.
const SYNCED: Duration = Duration::from_secs(2);

/// The time of so many bytes over a slow network.
fn transfer(bytes: usize) -> Duration {
    const BYTES_PER_MS: usize = 4 << 10;
    Duration::from_millis((bytes / BYTES_PER_MS) as u64)
}

/// A snapshot of any size has this; one whose receiver takes nothing ends long before (`snapshot`).
const SNAPSHOT_MAX: Duration = Duration::from_secs(24 * 3600);

impl Connection {
    fn peer(&self) -> Peer {
        Peer { node_id: self.target, address: self.network.addresses.of(self.target, &self.address) }
    }

    fn message(&self, kind: Kind, body: Bytes) -> Message {
        let cluster = self.network.addresses.cluster();
        Message { cluster, to: self.target, group: self.network.group, kind: kind as u32, body }
    }

    async fn call<T>(
        &self,
        kind: Kind,
        body: Bytes,
        option: &RPCOption,
        decode: impl FnOnce(Bytes) -> io::Result<T>,
    ) -> Result<T, RPCError<Types>> {
        // The library's limit is a heartbeat's, whatever is sent. A connection that is dead is known without it.
        let limit = match kind {
            Kind::Append if body.len() > HEARTBEAT_BYTES => SYNCED + transfer(body.len()),
            _ => option.hard_ttl(),
        };
        match tokio::time::timeout(limit, self.ask(kind, body)).await {
            Ok(answer) => answer.and_then(decode).map_err(|error| told(&error)),
            Err(_) => Err(RPCError::Timeout(Timeout {
                action: action(kind),
                id: self.network.node_id,
                target: self.target,
                timeout: limit,
            })),
        }
    }
}

impl Line for Connection {
    fn target(&self) -> u64 {
        self.target
    }

    fn ask(&self, kind: Kind, body: Bytes) -> Answer {
        self.network.transport.call(&self.peer(), self.message(kind, body))
    }

    fn ship(&self, head: &internal::Snapshot, pieces: Pieces) -> Answer {
        let head = self.message(Kind::Snapshot, head.encode_to_vec().into());
        self.network.transport.send(&self.peer(), head, pieces)
    }
}

fn action(kind: Kind) -> RPCTypes {
    match kind {
        Kind::Append => RPCTypes::AppendEntries,
        Kind::Transfer => RPCTypes::TransferLeader,
        _ => RPCTypes::Vote,
    }
}

/// The library waits before it asks an unreachable node again, and asks others at once.
fn told(error: &io::Error) -> RPCError<Types> {
    match error.kind() {
        io::ErrorKind::NotConnected | io::ErrorKind::ConnectionRefused => {
            RPCError::Unreachable(Unreachable::new(error))
        }
        _ => RPCError::Network(NetworkError::new(error)),
    }
}

impl RaftNetworkFactory<Types> for Network {
    type Network = Connection;

    async fn new_client(&mut self, target: u64, node: &BasicNode) -> Connection {
        Connection { network: self.clone(), target, address: node.addr.clone() }
    }
}

impl RaftNetworkV2<Types> for Connection {
    type SnapshotData = Rows;

    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<Types>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<Types>, RPCError<Types>> {
        self.call(Kind::Append, wire::encode_append(request), &option, wire::decode_appended).await
    }

    async fn vote(
        &mut self,
        request: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        self.call(Kind::Vote, wire::encode_vote_request(&request), &option, wire::decode_vote_answer).await
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        self.call(Kind::PreVote, wire::encode_vote_request(&request), &option, wire::decode_vote_answer).await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: SnapshotOf<Types, Rows>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<Types>, StreamingError<Types>> {
        let Rows::Sent(pieces) = snapshot.snapshot else {
            return Err(StreamingError::Unreachable(Unreachable::new(&io::Error::other(
                "a snapshot without rows",
            ))));
        };
        let head = wire::snapshot_out(&vote, &snapshot.meta);
        let sent =
            tokio::time::timeout(SNAPSHOT_MAX, snapshot::send(self, &self.network.means, head, pieces));
        tokio::select! {
            closed = cancel => Err(StreamingError::Closed(closed)),
            answer = sent => {
                let answer = answer.unwrap_or_else(|late| Err(io::Error::other(late)));
                let vote = answer.and_then(wire::decode_vote);
                let vote = vote.map_err(|error| StreamingError::Unreachable(Unreachable::new(&error)))?;
                Ok(SnapshotResponse::new(vote))
            }
        }
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<Types>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<Types>, RPCError<Types>> {
        self.call(Kind::Transfer, wire::encode_transfer(&request), &option, |_| Ok(Ok(()))).await
    }
}
