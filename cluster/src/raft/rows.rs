//! A snapshot of a group: all rows of its partition, or the meta group's state.

use super::record::bad;
use crate::threads;
use crate::transport::Pieces;
use bytes::Bytes;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use storage::{AppliedState, Import, Partition};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// Of a piece on its way.
const PIECE_BYTES: usize = 1 << 20;
/// Pieces that wait for the network.
const WAITING_MAX: usize = 4;

/// A receiver that takes nothing for so long is given up.
const STALLED: Duration = Duration::from_secs(60);

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
pub(super) async fn export(partition: Arc<Partition>) -> io::Result<(AppliedState, Pieces)> {
    let (begin, applied) = oneshot::channel();
    // Where there are no threads all is read at once.
    let (to, pieces) = mpsc::channel(if threads::exist() { WAITING_MAX } else { usize::MAX >> 4 });
    let work = move || {
        let told = |applied: &AppliedState| drop(begin.send(applied.clone()));
        let done = partition.export(PIECE_BYTES, told, &mut |piece| give(&to, Ok(piece)));
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

/// False: nobody takes any more, or not for too long. The view of the rows costs disk while it is open.
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
pub(super) fn single(bytes: Bytes) -> Pieces {
    let (to, pieces) = mpsc::channel(2);
    // There is room.
    [bytes, Bytes::new()].into_iter().for_each(|piece| drop(to.try_send(Ok(piece))));
    pieces
}

/// The next piece; `None` at the end of what is whole.
async fn next(pieces: &mut Pieces) -> io::Result<Option<Bytes>> {
    match pieces.recv().await {
        Some(piece) => piece.map(|piece| (!piece.is_empty()).then_some(piece)),
        None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a snapshot ended before its last piece")),
    }
}

/// Takes all rows of a partition that come, those of that applied index, without showing them to anybody yet.
pub(super) async fn import(partition: &Partition, index: u64, mut pieces: Pieces) -> io::Result<Received> {
    let mut import = partition.import().map_err(io::Error::other)?;
    while let Some(piece) = next(&mut pieces).await? {
        let put = move || import.put(&piece).map(|()| import);
        import = threads::beside(put).await?.map_err(io::Error::other)?;
    }
    if import.applied_index() != index {
        return Err(bad("a snapshot has other rows than it says"));
    }
    Ok(Received::Partition(Box::new(import)))
}

/// The meta group's state.
pub(super) async fn collect(mut pieces: Pieces) -> io::Result<Received> {
    let mut all = Vec::new();
    while let Some(piece) = next(&mut pieces).await? {
        all.extend_from_slice(&piece);
        if all.len() > META_MAX {
            return Err(bad("the state of a meta group is larger than it can be"));
        }
    }
    Ok(Received::Meta(all.into()))
}

/// Thousands of nodes fit into this.
const META_MAX: usize = 16 << 20;
