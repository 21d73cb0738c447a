//! What a backup is made of, as this node has it: the state that the cluster agreed on, rows of partitions, and their logs.

use super::Node;
use crate::partition::Partition;
use cluster::{Hold, Pieces};
use futures::{StreamExt, future::BoxFuture, stream, stream::BoxStream};
use prost::Message;
use proto::{Code, Error, PartitionId, api::v1::*};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Streams of all backups together: each of rows holds a view of the tables, and some chunks.
pub const STREAMS_MAX: usize = 8;
/// A log is kept no longer for a backup that says nothing.
const KEEP_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The answers of a stream.
pub type Answers<T> = BoxStream<'static, Result<T, Error>>;

/// The calls of backups, as `proto/api/v1/admin.proto` has them.
pub trait BackupService: Send + Sync + 'static {
    /// What the cluster agreed on.
    fn backup_state(&self, request: BackupStateRequest) -> BoxFuture<'_, Result<BackupStateResponse, Error>>;
    /// Rows of a partition, from one view.
    fn backup_rows(
        &self,
        request: BackupRowsRequest,
    ) -> BoxFuture<'_, Result<Answers<BackupRowsResponse>, Error>>;
    /// Entries of a partition's log.
    fn backup_log(
        &self,
        request: BackupLogRequest,
    ) -> BoxFuture<'_, Result<Answers<BackupLogResponse>, Error>>;
}

impl BackupService for Node {
    fn backup_state(&self, _: BackupStateRequest) -> BoxFuture<'_, Result<BackupStateResponse, Error>> {
        Box::pin(async move {
            let cluster = &self.engine.cluster;
            cluster.learn().await.map_err(|error| Error::new(Code::Unavailable, error.to_string()))?;
            let state = cluster.meta();
            let node = |node: &cluster::MetaNode| {
                let door = self.door(node.node_id);
                BackupNode { node_id: door.node_id, address: door.address }
            };
            let stays = |node: &&cluster::MetaNode| node.standing() != cluster::Standing::Removed;
            Ok(BackupStateResponse {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                nodes: state.nodes.iter().filter(stays).map(node).collect(),
                partitions: self
                    .engine
                    .partitions()
                    .map(|id| BackupReplicas { nodes: cluster.holders(id) })
                    .collect(),
                seen_by: cluster.node_id(),
                state: state.encode_to_vec().into(),
            })
        })
    }

    fn backup_rows(
        &self,
        request: BackupRowsRequest,
    ) -> BoxFuture<'_, Result<Answers<BackupRowsResponse>, Error>> {
        Box::pin(async move {
            let (id, hold) = (partition_of(request.partition)?, hold_of(request.hold, 0)?);
            let permit = self.stream()?;
            self.replica(id).await?;
            let read = self.engine.cluster.backup_rows(id, hold.backup, hold.keep).await;
            let (applied, pieces) = read.map_err(|error| unread(id, &error))?;
            let head = BackupRowsResponse { index: applied.index, term: applied.term, ..Default::default() };
            Ok(stream::iter([Ok(head)]).chain(chunks(id, pieces, permit)).boxed())
        })
    }

    fn backup_log(
        &self,
        request: BackupLogRequest,
    ) -> BoxFuture<'_, Result<Answers<BackupLogResponse>, Error>> {
        Box::pin(async move {
            let (id, after) = (partition_of(request.partition)?, request.after);
            let hold = hold_of(request.hold, after)?;
            let permit = self.stream()?;
            let upto = self.replica(id).await?.applied().index;
            // All that was acknowledged before is here now.
            let now_ms = self.engine.clock.now_ms();
            if after > upto {
                let text = format!("the log of partition {id} ends at entry {upto}, before {after}");
                return Err(Error::new(Code::NotFound, text));
            }
            let log = Log { node: self.clone(), id, upto, now_ms, hold, _permit: permit };
            // What is read first is not purged in between.
            self.engine.cluster.keep_log(id, hold);
            let first = log.read(after).await.inspect_err(|_| {
                // It would keep what there is behind the gap.
                self.engine.cluster.keep_log(id, Hold { keep: Duration::ZERO, ..hold });
            })?;
            let messages = stream::try_unfold((log, Some((after, first))), |(log, at)| async move {
                let Some((after, records)) = at else { return Ok(None) };
                let next = after + records.len() as u64;
                if records.is_empty() {
                    let (position, now_ms) = (Some(after), log.now_ms);
                    let end = BackupLogResponse { position, now_ms, ..Default::default() };
                    return Ok(Some((end, (log, None))));
                }
                let message = BackupLogResponse { first_index: after + 1, records, ..Default::default() };
                let read = log.read(next).await?;
                Ok(Some((message, (log, Some((next, read))))))
            });
            Ok(messages.boxed())
        })
    }
}

impl Node {
    /// The rows here, once they have all that was acknowledged before the call.
    async fn replica(&self, id: PartitionId) -> Result<Arc<storage::Partition>, Error> {
        let partition = Partition::of(&self.engine.cluster, id)?;
        let Some(rows) = partition.replica() else {
            let holders = self.engine.cluster.holders(id);
            let text =
                format!("node {} has no replica of partition {id}; ask one of {holders:?}", self.own());
            return Err(Error::new(Code::Unavailable, text));
        };
        partition.barrier().await?;
        Ok(rows.clone())
    }

    fn own(&self) -> u64 {
        self.engine.cluster.node_id()
    }

    fn stream(&self) -> Result<OwnedSemaphorePermit, Error> {
        let all: &Arc<Semaphore> = &self.engine.backups;
        all.clone().try_acquire_owned().map_err(|_| {
            let text = format!("{STREAMS_MAX} streams of backups are open at this node; try again later");
            Error::new(Code::Overloaded, text)
        })
    }
}

/// The log of one partition, on its way.
struct Log {
    node: Node,
    id: PartitionId,
    upto: u64,
    now_ms: u64,
    hold: Hold,
    _permit: OwnedSemaphorePermit,
}

impl Log {
    /// The next records; none at the end.
    async fn read(&self, after: u64) -> Result<Vec<bytes::Bytes>, Error> {
        let read = self.node.engine.cluster.backup_entries(self.id, after, self.upto).await;
        match read.map_err(|error| unread(self.id, &error))? {
            Some(records) => Ok(records),
            None => {
                let text = format!(
                    "node {} has purged the log of partition {} behind entry {after} (backup {:016x})",
                    self.node.own(),
                    self.id,
                    self.hold.backup
                );
                Err(Error::new(Code::NotFound, text))
            }
        }
    }
}

/// Chunk by chunk, to the empty piece behind the last one.
fn chunks(
    id: PartitionId,
    pieces: Pieces,
    permit: OwnedSemaphorePermit,
) -> impl futures::Stream<Item = Result<BackupRowsResponse, Error>> {
    stream::unfold(Some((pieces, permit)), move |from| async move {
        let (mut pieces, permit) = from?;
        match pieces.recv().await {
            Some(Ok(chunk)) if chunk.is_empty() => None,
            Some(Ok(chunk)) => {
                Some((Ok(BackupRowsResponse { chunk, ..Default::default() }), Some((pieces, permit))))
            }
            Some(Err(error)) => Some((Err(unread(id, &error)), None)),
            None => {
                let text = format!("the rows of partition {id} were given up: nobody took them for too long");
                Some((Err(Error::new(Code::Timeout, text)), None))
            }
        }
    })
}

fn partition_of(number: u32) -> Result<PartitionId, Error> {
    let number = u16::try_from(number).ok().filter(|number| *number > 0);
    number.map(PartitionId).ok_or_else(|| Error::new(Code::BadRequest, "partitions are numbered from 1"))
}

fn hold_of(hold: Option<BackupHold>, after: u64) -> Result<Hold, Error> {
    let hold = hold.ok_or_else(|| Error::new(Code::BadRequest, "a backup has a name: hold.backup"))?;
    let keep = Duration::from_millis(hold.keep_ms).min(KEEP_MAX);
    Ok(Hold { backup: hold.backup, after, keep })
}

fn unread(id: PartitionId, error: &std::io::Error) -> Error {
    Error::new(Code::Unavailable, format!("partition {id} cannot be read here: {error}"))
}
