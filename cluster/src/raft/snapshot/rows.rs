//! What a snapshot of a group is of: all rows of its partition, or the meta group's state.

use super::super::record::bad;
use super::STALLED;
use crate::threads;
use crate::transport::Pieces;
use bytes::Bytes;
use std::io;
use std::sync::Arc;
use storage::{AppliedState, Import, Partition};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// Pieces that wait for the network.
pub(super) const WAITING_MAX: usize = 4;

/// What a snapshot has besides its place.
pub(crate) enum Rows {
    /// Nothing: the tables are on the disk up to there, which is all that purging the log needs.
    Flushed,
    /// On their way to another node, from one frozen view.
    Sent(Pieces),
    /// Of another node, complete.
    Received(Received),
}

/// What another node sent.
pub(crate) enum Received {
    Partition(Box<Import>),
    Meta(Bytes),
}

/// Freezes a view of the partition and gives its rows to the pieces, as fast as they are taken, on a thread of their own. It
/// ends with its reader.
pub(crate) async fn export(
    partition: Arc<Partition>,
    piece_bytes: usize,
) -> io::Result<(AppliedState, Pieces)> {
    let (begin, applied) = oneshot::channel();
    // Where there are no threads all is read at once.
    let (to, pieces) = mpsc::channel(if threads::exist() { WAITING_MAX } else { usize::MAX >> 4 });
    let work = move || {
        let told = |applied: &AppliedState| drop(begin.send(applied.clone()));
        let done = partition.export(piece_bytes, told, &mut |piece| give(&to, Ok(piece)));
        match done {
            Ok(true) => drop(give(&to, Ok(Bytes::new()))),
            // Nobody takes any more.
            Ok(false) => {}
            Err(error) => drop(give(&to, Err(io::Error::other(error)))),
        }
    };
    threads::begin(work);
    let applied = applied.await.map_err(|_| io::Error::other("the rows of a snapshot could not be read"))?;
    Ok((applied, pieces))
}

/// False: nobody takes any more, or not for too long.
fn give(to: &mpsc::Sender<io::Result<Bytes>>, piece: io::Result<Bytes>) -> bool {
    match to.try_send(piece) {
        Ok(()) => true,
        Err(mpsc::error::TrySendError::Full(piece)) => {
            Handle::current().block_on(to.send_timeout(piece, STALLED)).is_ok()
        }
        Err(mpsc::error::TrySendError::Closed(_)) => false,
    }
}

/// One piece, for what is small.
pub(crate) fn single(bytes: Bytes) -> Pieces {
    let (to, pieces) = mpsc::channel(2);
    // There is room.
    [bytes, Bytes::new()].into_iter().for_each(|piece| drop(to.try_send(Ok(piece))));
    pieces
}

/// The next piece; `None` at the end of what is whole.
pub(super) async fn next(pieces: &mut Pieces) -> io::Result<Option<Bytes>> {
    match pieces.recv().await {
        Some(piece) => piece.map(|piece| (!piece.is_empty()).then_some(piece)),
        None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a snapshot ended before its last piece")),
    }
}

/// Takes rows in, without showing them to anybody yet.
pub(crate) enum Sink {
    /// The import begins with the first piece. `index`: that the rows must be of.
    Partition {
        partition: Arc<Partition>,
        index: u64,
        import: Option<Box<Import>>,
    },
    Meta(Vec<u8>),
}

impl Sink {
    /// The next rows. Blocks on IO.
    pub(super) fn put(&mut self, rows: &Bytes) -> io::Result<()> {
        match self {
            Sink::Partition { partition, import, .. } => {
                let import = match import {
                    Some(import) => import,
                    none => none.insert(Box::new(partition.import().map_err(io::Error::other)?)),
                };
                import.put(rows).map_err(io::Error::other)
            }
            Sink::Meta(all) if all.len() + rows.len() > META_MAX => {
                Err(bad("the state of a meta group is larger than it can be"))
            }
            Sink::Meta(all) => {
                all.extend_from_slice(rows);
                Ok(())
            }
        }
    }

    /// All were put.
    pub(super) fn end(self) -> io::Result<Received> {
        match self {
            Sink::Partition { index, import: Some(import), .. } if import.applied_index() == index => {
                Ok(Received::Partition(import))
            }
            Sink::Partition { .. } => Err(bad("a snapshot has other rows than it says")),
            Sink::Meta(all) => Ok(Received::Meta(all.into())),
        }
    }
}

/// Takes all rows that come bare, from a node that knows of no transfers.
pub(crate) async fn take(mut sink: Sink, mut pieces: Pieces) -> io::Result<Received> {
    while let Some(piece) = next(&mut pieces).await? {
        let put = move || sink.put(&piece).map(|()| sink);
        sink = threads::beside(put).await??;
    }
    sink.end()
}

/// Thousands of nodes fit into this.
const META_MAX: usize = 16 << 20;
