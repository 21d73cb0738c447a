//! What other nodes ask of a group.

use super::record::bad;
use super::snapshot::{self, Part, Received, Rows, Sink};
use super::{Handle, Target, Types, Vote, wire};
use crate::transport::{Kind, Pieces};
use bytes::Bytes;
use futures::future::BoxFuture;
use openraft::alias::{SnapshotMetaOf, SnapshotOf};
use openraft::raft::VoteRequest;
use prost::Message as _;
use proto::internal::v1::{ArrivedAnswer, ArrivedRequest};
use std::io;
use tokio::time::Instant;

impl Handle {
    /// Answers another node.
    pub(crate) async fn answer(&self, kind: u32, body: Bytes) -> io::Result<Bytes> {
        const APPEND: u32 = Kind::Append as u32;
        const VOTE: u32 = Kind::Vote as u32;
        const PRE_VOTE: u32 = Kind::PreVote as u32;
        const TRANSFER: u32 = Kind::Transfer as u32;
        const ARRIVED: u32 = Kind::Arrived as u32;
        let _inside = self.gate.try_read().map_err(|_| vacated())?;
        match kind {
            APPEND => {
                let answer = self.raft().append_entries(wire::decode_append(body)?).await;
                let answer = answer.map_err(io::Error::other)?;
                self.heard.answered(&answer);
                Ok(wire::encode_appended(&answer))
            }
            VOTE => {
                let request = self.votable(body)?;
                let answer = self.raft().vote(request).await;
                Ok(wire::encode_vote_answer(&answer.map_err(io::Error::other)?))
            }
            PRE_VOTE => {
                let request = self.votable(body)?;
                let answer = self.raft().pre_vote(request).await;
                Ok(wire::encode_vote_answer(&answer.map_err(io::Error::other)?))
            }
            TRANSFER => {
                if !self.life().has_caught_up() {
                    return Err(io::Error::other("it has less than a replica that was here before"));
                }
                let request = wire::decode_transfer(body)?;
                let taken = self.raft().handle_transfer_leader(request).await.map_err(io::Error::other)?;
                taken.map(|()| Bytes::new()).map_err(io::Error::other)
            }
            ARRIVED => {
                let asked = ArrivedRequest::decode(body).map_err(bad)?;
                let pieces = self.arriving.arrived(&asked).await;
                Ok(ArrivedAnswer { pieces }.encode_to_vec().into())
            }
            kind => Err(bad(format!("a question of kind {kind}, which this version does not know"))),
        }
    }

    /// Takes a snapshot, or the next part of one; once it is whole it comes in the place of what is here.
    pub(crate) async fn receive(&self, head: Bytes, pieces: Pieces) -> io::Result<Bytes> {
        let _inside = self.gate.try_read().map_err(|_| vacated())?;
        let (vote, meta, part) = wire::decode_snapshot(head)?;
        let (last, first) = (meta.last_log_id, part.as_ref().map_or(0, |part| part.first));
        tracing::info!(group = self.group, ?last, first, "a snapshot arrives");
        let index = last.map_or(0, |id| id.index + 1);
        let sink = match &self.target {
            Target::Partition { partition, .. } => {
                Sink::Partition { partition: partition.clone(), index, import: None }
            }
            Target::Meta(_) => Sink::Meta(Vec::new()),
        };
        match part {
            None => self.place(vote, meta, snapshot::take(sink, pieces).await?).await,
            Some(part) => self.receive_part(vote, meta, &part, sink, pieces).await,
        }
    }

    async fn receive_part(
        &self,
        vote: Vote,
        meta: SnapshotMetaOf<Types>,
        part: &Part,
        sink: Sink,
        pieces: Pieces,
    ) -> io::Result<Bytes> {
        let handle = self.clone();
        let place = move |received| {
            Box::pin(async move {
                // Also where who sent it is gone meanwhile.
                let _inside = handle.gate.try_read().map_err(|_| vacated())?;
                handle.place(vote, meta, received).await
            }) as BoxFuture<'static, io::Result<Bytes>>
        };
        self.arriving.receive(part, vote.leader_id.term, sink, pieces, Box::new(place)).await
    }

    async fn place(&self, vote: Vote, meta: SnapshotMetaOf<Types>, received: Received) -> io::Result<Bytes> {
        let snapshot = SnapshotOf::<Types, Rows> { meta, snapshot: Rows::Received(received) };
        let answer = self.raft().install_full_snapshot(vote, snapshot).await.map_err(io::Error::other)?;
        tracing::info!(group = self.group, "the snapshot is in place");
        Ok(wire::encode_vote(&answer.vote))
    }

    /// A request for a vote that may be granted.
    ///
    /// Before it stopped, this node may have promised a leader not to vote for another for the time of a lease, and the
    /// library does not remember it: a leader that answers reads under that lease must still be the only one. For the same
    /// time it does not stand for election. And it votes as if it still had all that it ever had.
    fn votable(&self, body: Bytes) -> io::Result<VoteRequest<Types>> {
        let (request, life) = (wire::decode_vote_request(body)?, self.life());
        let refused = |reason| Err(io::Error::new(io::ErrorKind::NotConnected, reason));
        match Instant::now() < life.promised_until {
            true => refused("a node that has just started does not vote yet"),
            false if !life.may_vote_for(request.last_log_id) => refused("less than was here once"),
            false => Ok(request),
        }
    }
}

fn vacated() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the replica is being given up")
}
