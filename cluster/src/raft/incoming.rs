//! What other nodes ask of a group.

use super::record::bad;
use super::rows::{self, Rows};
use super::{Handle, Target, Types, wire};
use crate::transport::{Kind, Pieces};
use bytes::Bytes;
use openraft::alias::SnapshotOf;
use std::io;
use tokio::time::Instant;

impl Handle {
    /// Answers another node.
    pub(crate) async fn answer(&self, kind: u32, body: Bytes) -> io::Result<Bytes> {
        const APPEND: u32 = Kind::Append as u32;
        const VOTE: u32 = Kind::Vote as u32;
        const PRE_VOTE: u32 = Kind::PreVote as u32;
        const TRANSFER: u32 = Kind::Transfer as u32;
        match kind {
            APPEND => {
                let answer = self.raft.append_entries(wire::decode_append(body)?).await;
                Ok(wire::encode_appended(&answer.map_err(io::Error::other)?))
            }
            VOTE => {
                self.must_not_have_promised()?;
                let answer = self.raft.vote(wire::decode_vote_request(body)?).await;
                Ok(wire::encode_vote_answer(&answer.map_err(io::Error::other)?))
            }
            PRE_VOTE => {
                self.must_not_have_promised()?;
                let answer = self.raft.pre_vote(wire::decode_vote_request(body)?).await;
                Ok(wire::encode_vote_answer(&answer.map_err(io::Error::other)?))
            }
            TRANSFER => {
                let request = wire::decode_transfer(body)?;
                let taken = self.raft.handle_transfer_leader(request).await.map_err(io::Error::other)?;
                taken.map(|()| Bytes::new()).map_err(io::Error::other)
            }
            kind => Err(bad(format!("a question of kind {kind}, which this version does not know"))),
        }
    }

    /// Takes a snapshot, whole, and puts it in the place of what is here.
    pub(crate) async fn receive(&self, head: Bytes, pieces: Pieces) -> io::Result<Bytes> {
        let (vote, meta) = wire::decode_snapshot(head)?;
        tracing::info!(group = self.group, last = ?meta.last_log_id, "a snapshot arrives");
        let received = match &self.target {
            Target::Partition { partition, .. } => {
                rows::import(partition, meta.last_log_id.map_or(0, |id| id.index + 1), pieces).await?
            }
            Target::Meta(_) => rows::collect(pieces).await?,
        };
        let snapshot = SnapshotOf::<Types, Rows> { meta, snapshot: Rows::Received(received) };
        let answer = self.raft.install_full_snapshot(vote, snapshot).await.map_err(io::Error::other)?;
        tracing::info!(group = self.group, "the snapshot is in place");
        Ok(wire::encode_vote(&answer.vote))
    }

    /// Before it stopped, this node may have promised a leader not to vote for another for the time of a lease, and the
    /// library does not remember it: a leader that answers reads under that lease must still be the only one. For the same
    /// time it does not stand for election.
    fn must_not_have_promised(&self) -> io::Result<()> {
        match Instant::now() < self.promised_until {
            true => Err(io::Error::new(
                io::ErrorKind::NotConnected,
                "a node that has just started does not vote yet",
            )),
            false => Ok(()),
        }
    }
}
