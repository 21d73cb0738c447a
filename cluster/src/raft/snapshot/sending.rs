//! The sender's end of a snapshot's way. Pieces that are under way are kept until the receiver has put them, so that one frozen view is
//! enough for any number of connections.

use super::super::record::bad;
use super::piece::Count;
use super::rows::{self, WAITING_MAX};
use super::{Line, Means, STALLED};
use crate::threads;
use crate::transport::{Kind, Pieces};
use bytes::Bytes;
use prost::Message as _;
use proto::internal::v1 as wire;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

/// So many pieces are kept, of usual size.
pub(super) const KEPT_MAX: usize = 8;
/// Until an answer that is waited for has come, or the connection is known to be lost.
const ASKED: Duration = Duration::from_secs(10);
/// Between two tries to reach the other node.
const AGAIN: Duration = Duration::from_millis(200);
/// A connection by which nothing is put for so long is given up.
const STUCK: Duration = Duration::from_secs(10);
/// Connections one after the other by which nothing was put.
const FRUITLESS_MAX: u32 = 5;
/// How often is told how far it is.
const TOLD_PIECES: u64 = 512;

/// Gives a node the rows that `head` is of, and answers what it answers when they are in their place there.
pub(crate) async fn send(
    line: &(impl Line + Sync),
    means: &Means,
    head: wire::Snapshot,
    view: Pieces,
) -> io::Result<Bytes> {
    let sending = Sending::new(line, means, head, view);
    match sending.ask(1, 0).await {
        Ok(_) => sending.run().await,
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Err(error),
        // One of the version before does not know the question. If it was lost, so will this be.
        Err(_) => line.ship(&bare(sending.head), sending.view).await,
    }
}

/// As a node of the version before sends it.
fn bare(head: wire::Snapshot) -> wire::Snapshot {
    wire::Snapshot { transfer: None, attempt: 0, first: 0, ..head }
}

struct Sending<'l, L> {
    line: &'l L,
    means: &'l Means,
    /// Of the next connection.
    head: wire::Snapshot,
    view: Pieces,
    /// What was taken from the view.
    taken: Count,
    /// The last pieces taken, those not put yet.
    kept: VecDeque<Bytes>,
    kept_bytes: usize,
    /// So many are put.
    put: u64,
    /// The last piece has been taken.
    is_whole: bool,
    /// When more was put than before.
    moved: Instant,
    connected: Instant,
    fruitless: u32,
}

/// How a connection, or all of it, ended.
enum Ended {
    Broken(io::Error),
    Over(io::Error),
}

impl<'l, L: Line + Sync> Sending<'l, L> {
    fn new(line: &'l L, means: &'l Means, head: wire::Snapshot, view: Pieces) -> Self {
        let transfer = Some(means.names.next());
        Sending {
            line,
            means,
            head: wire::Snapshot { transfer, attempt: 1, first: 0, ..head },
            view,
            taken: Count::default(),
            kept: VecDeque::new(),
            kept_bytes: 0,
            put: 0,
            is_whole: false,
            moved: Instant::now(),
            connected: Instant::now(),
            fruitless: 0,
        }
    }

    async fn run(mut self) -> io::Result<Bytes> {
        loop {
            let broke = match self.connect().await {
                Ok(answer) => return Ok(answer),
                Err(Ended::Over(error)) => return Err(error),
                Err(Ended::Broken(error)) => error,
            };
            self.resume(&broke).await?;
        }
    }

    /// One connection, from what is not put on.
    async fn connect(&mut self) -> Result<Bytes, Ended> {
        self.connected = Instant::now();
        let (to, pieces) = mpsc::channel(WAITING_MAX);
        let mut answer = self.line.ship(&self.head, pieces);
        tokio::select! {
            biased;
            early = &mut answer => return early.map_err(Ended::Broken),
            fed = self.feed(to) => fed?,
        }
        answer.await.map_err(Ended::Broken)
    }

    async fn feed(&mut self, to: mpsc::Sender<io::Result<Bytes>>) -> Result<(), Ended> {
        let mut next = self.put;
        loop {
            while let Some(piece) = self.kept.get((next - self.put) as usize).cloned() {
                self.means.meters.snapshot_sent.increment(piece.len() as u64);
                if to.send(Ok(piece)).await.is_err() {
                    // The answer says why nobody takes more.
                    return Ok(());
                }
                next += 1;
            }
            match (self.is_whole, self.kept_bytes >= self.kept_bytes_max()) {
                (true, _) => break,
                (false, true) => self.acknowledged().await?,
                (false, false) => self.take().await.map_err(Ended::Over)?,
            }
        }
        let _ = to.send(Ok(Bytes::new())).await;
        Ok(())
    }

    fn kept_bytes_max(&self) -> usize {
        KEPT_MAX * self.means.piece_bytes
    }

    /// The next piece of the view.
    async fn take(&mut self) -> io::Result<()> {
        let rows = rows::next(&mut self.view).await?;
        self.is_whole = rows.is_none();
        let piece = match rows {
            Some(rows) => threads::aside(|| self.taken.seal(rows)),
            None => self.taken.seal_end(),
        };
        self.kept_bytes += piece.len();
        self.kept.push_back(piece);
        let pieces = self.taken.next;
        if pieces.is_multiple_of(TOLD_PIECES) {
            tracing::info!(target = self.line.target(), pieces, put = self.put, "a snapshot is sent");
        }
        Ok(())
    }

    /// Waits until more of what is kept is put.
    async fn acknowledged(&mut self) -> Result<(), Ended> {
        let put = self.ask(0, self.put).await.map_err(Ended::Broken)?;
        self.advance(put).map_err(Ended::Over)?;
        if self.moved.max(self.connected).elapsed() > STUCK {
            let reason = format!("nothing is put after piece {put}");
            return Err(Ended::Broken(io::Error::new(io::ErrorKind::TimedOut, reason)));
        }
        Ok(())
    }

    /// Begins another connection, until the other node has been away for too long.
    async fn resume(&mut self, broke: &io::Error) -> io::Result<()> {
        self.head.attempt += 1;
        let put = loop {
            match self.ask(self.head.attempt, 0).await {
                Ok(put) => break put,
                Err(_) if self.moved.elapsed() < STALLED => sleep(AGAIN).await,
                Err(error) => return Err(error),
            }
        };
        self.fruitless = if put > self.put { 0 } else { self.fruitless + 1 };
        if self.fruitless > FRUITLESS_MAX {
            return Err(io::Error::other(format!("a snapshot does not get beyond piece {put}: {broke}")));
        }
        self.advance(put).map_err(|error| io::Error::other(format!("{error}, after: {broke}")))?;
        self.head.first = put;
        self.means.meters.snapshot_resumes.increment(1);
        let (target, kept) = (self.line.target(), self.kept_bytes);
        tracing::info!(target, put, kept, error = %broke, "a snapshot goes on where it broke");
        Ok(())
    }

    /// The other node has put so many.
    fn advance(&mut self, put: u64) -> io::Result<()> {
        let Some(more) = put.checked_sub(self.put) else {
            return Err(io::Error::other("the other node has let go of a snapshot, which begins anew"));
        };
        if more > self.kept.len() as u64 {
            return Err(bad("more pieces of a snapshot are put than were sent"));
        }
        if more > 0 {
            self.moved = Instant::now();
        }
        let gone = self.kept.drain(..more as usize).map(|piece| piece.len());
        self.kept_bytes -= gone.sum::<usize>();
        self.put = put;
        Ok(())
    }

    /// How many pieces are put. `attempt`: the connection that begins; of a connection that is there (0) it is told when it is
    /// more than `beyond`, or after a while.
    async fn ask(&self, attempt: u64, beyond: u64) -> io::Result<u64> {
        let request = wire::ArrivedRequest { transfer: self.head.transfer, attempt, beyond };
        let answer = self.line.ask(Kind::Arrived, request.encode_to_vec().into());
        let answer = timeout(ASKED, answer).await.map_err(io::Error::from)??;
        Ok(wire::ArrivedAnswer::decode(answer).map_err(bad)?.pieces)
    }
}
