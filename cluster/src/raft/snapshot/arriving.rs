//! The receiver's end of a snapshot's way. What has come is kept for a while when a connection breaks, in no replica's way: nobody sees it
//! before it is whole and in place.

use super::piece::{Count, Piece};
use super::rows::{self, Received, Sink};
use super::{Part, STALLED};
use crate::meters::Meters;
use crate::threads;
use crate::transport::Pieces;
use bytes::Bytes;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use proto::internal::v1::{ArrivedRequest, SnapshotTransfer};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

/// Who asks whether more is put waits for so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is on its way to one group: one snapshot at a time. Clones share it.
#[derive(Clone)]
pub(crate) struct Arriving {
    slot: Arc<Mutex<Option<Arc<Transfer>>>>,
    meters: Arc<Meters>,
}

struct Transfer {
    name: SnapshotTransfer,
    /// Of the leader that sends it.
    term: u64,
    /// Held while a piece is put, on whatever thread, whoever still waits for that.
    stage: Arc<tokio::sync::Mutex<Stage>>,
    /// How many pieces.
    put: watch::Sender<u64>,
    /// The last connection. Earlier ones put nothing any more.
    attempt: AtomicU64,
    is_lost: AtomicBool,
    touched: Mutex<Instant>,
}

enum Stage {
    Taking(Box<(Count, Sink)>),
    Whole(Received),
    /// Tells what became of it.
    Placed(watch::Receiver<Option<Result<Bytes, String>>>),
    Lost,
}

/// Puts what was received in the place of what is there.
pub(crate) type Place = Box<dyn FnOnce(Received) -> BoxFuture<'static, io::Result<Bytes>> + Send>;

impl Arriving {
    pub(crate) fn new(meters: Arc<Meters>) -> Arriving {
        Arriving { slot: Arc::default(), meters }
    }

    /// How many pieces of a transfer are put.
    pub(crate) async fn arrived(&self, asked: &ArrivedRequest) -> u64 {
        let known = self.slot.lock().clone();
        let Some(transfer) = known.filter(|known| known.is(asked.transfer)) else { return 0 };
        transfer.touch();
        match asked.attempt {
            0 => transfer.put_beyond(asked.beyond).await,
            attempt => {
                transfer.attempt.fetch_max(attempt, Ordering::AcqRel);
                // What an earlier connection is about to put still counts.
                drop(transfer.stage.lock().await);
            }
        }
        if transfer.is_lost() { 0 } else { transfer.count() }
    }

    /// Takes what comes by one connection; answers when the snapshot is whole and in place.
    pub(crate) async fn receive(
        &self,
        part: &Part,
        term: u64,
        sink: Sink,
        mut pieces: Pieces,
        place: Place,
    ) -> io::Result<Bytes> {
        let transfer = self.enter(part, term, sink)?;
        while let Some(piece) = rows::next(&mut pieces).await? {
            self.meters.snapshot_received.increment(piece.len() as u64);
            transfer.put(part.attempt, piece).await?;
        }
        transfer.place(place).await
    }

    /// Nothing that has come is needed any more; returns when nothing of it is left.
    pub(crate) async fn let_go(&self) {
        let last = self.slot.lock().take();
        if let Some(last) = last {
            last.end().await;
        }
    }

    fn enter(&self, part: &Part, term: u64, sink: Sink) -> io::Result<Arc<Transfer>> {
        let mut slot = self.slot.lock();
        let known = slot.as_ref().filter(|known| !known.is_lost());
        if let Some(known) = known.filter(|known| known.is(Some(part.transfer))) {
            if known.attempt.fetch_max(part.attempt, Ordering::AcqRel) > part.attempt {
                return Err(late());
            }
            known.touch();
            return Ok(known.clone());
        }
        if part.first > 0 {
            return Err(io::Error::other("the first pieces of a snapshot are not here any more"));
        }
        if known.is_some_and(|known| known.term > term) {
            return Err(io::Error::other("a later leader has begun to send a snapshot"));
        }
        if let Some(last) = slot.take() {
            tokio::spawn(last.end());
        }
        let transfer = Arc::new(Transfer::begin(part, term, sink));
        *slot = Some(transfer.clone());
        tokio::spawn(self.clone().keep_for_a_while(Arc::downgrade(&transfer)));
        Ok(transfer)
    }

    async fn keep_for_a_while(self, transfer: Weak<Transfer>) {
        while let Some(until) = transfer.upgrade().map(|kept| *kept.touched.lock() + STALLED) {
            if Instant::now() < until {
                sleep_until(until).await;
                continue;
            }
            let is_it = |last: &mut Arc<Transfer>| std::ptr::eq(Arc::as_ptr(last), transfer.as_ptr());
            let last = self.slot.lock().take_if(is_it);
            if let Some(last) = last {
                last.end().await;
            }
            return;
        }
    }
}

impl Transfer {
    fn begin(part: &Part, term: u64, sink: Sink) -> Transfer {
        Transfer {
            name: part.transfer,
            term,
            stage: Arc::new(tokio::sync::Mutex::new(Stage::Taking(Box::new((Count::default(), sink))))),
            put: watch::Sender::new(0),
            attempt: AtomicU64::new(part.attempt),
            is_lost: AtomicBool::new(false),
            touched: Mutex::new(Instant::now()),
        }
    }

    fn is(&self, name: Option<SnapshotTransfer>) -> bool {
        name == Some(self.name)
    }

    fn count(&self) -> u64 {
        *self.put.borrow()
    }

    fn touch(&self) {
        *self.touched.lock() = Instant::now();
    }

    fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    /// From now on it is as if it had never been.
    fn lose(&self) {
        self.is_lost.store(true, Ordering::Release);
        self.attempt.store(u64::MAX, Ordering::Release);
    }

    async fn end(self: Arc<Self>) {
        self.lose();
        let mut stage = self.stage.clone().lock_owned().await;
        // Files of an import go.
        let _ = threads::beside(move || *stage = Stage::Lost).await;
    }

    async fn put_beyond(&self, beyond: u64) {
        let mut put = self.put.subscribe();
        let _ = timeout(PATIENCE, put.wait_for(|put| *put > beyond)).await;
    }

    async fn put(self: &Arc<Self>, attempt: u64, piece: Bytes) -> io::Result<()> {
        let mut stage = self.stage.clone().lock_owned().await;
        if self.attempt.load(Ordering::Acquire) != attempt {
            return Err(late());
        }
        self.touch();
        // Ends also where the connection does meanwhile, so that count and rows agree.
        let transfer = self.clone();
        let put = move || {
            let done = stage.put(piece);
            match done {
                Ok(count) => drop(transfer.put.send_replace(count)),
                Err(_) if matches!(*stage, Stage::Lost) => transfer.lose(),
                Err(_) => {}
            }
            done.map(drop)
        };
        threads::beside(put).await?
    }

    async fn place(&self, place: Place) -> io::Result<Bytes> {
        let mut outcome = self.stage.lock().await.place(place)?;
        self.touch();
        let told = outcome.wait_for(Option::is_some).await.map_err(io::Error::other)?.clone();
        match told {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(reason)) => {
                self.lose();
                Err(io::Error::other(reason))
            }
            None => Err(io::Error::other("nobody knows what became of a snapshot")),
        }
    }
}

impl Stage {
    /// Takes a piece; how many there are. What is not the next piece, or damaged, changes nothing; after any other error all is lost.
    fn put(&mut self, piece: Bytes) -> io::Result<u64> {
        let Stage::Taking(taking) = self else {
            return Err(io::Error::other("a piece of a snapshot comes after its last one"));
        };
        let (count, sink) = &mut **taking;
        match count.open(piece)? {
            Piece::Rows(rows) => {
                if let Err(error) = sink.put(&rows) {
                    *self = Stage::Lost;
                    return Err(error);
                }
                count.see(&rows);
                Ok(count.next)
            }
            Piece::End(whole) => {
                let Stage::Taking(taking) = std::mem::replace(self, Stage::Lost) else { unreachable!() };
                let (count, sink) = *taking;
                count.check(whole)?;
                *self = Stage::Whole(sink.end()?);
                Ok(count.next + 1)
            }
        }
    }

    /// Has it put in its place, once.
    fn place(&mut self, place: Place) -> io::Result<watch::Receiver<Option<Result<Bytes, String>>>> {
        match std::mem::replace(self, Stage::Lost) {
            Stage::Whole(received) => {
                let (tell, told) = watch::channel(None);
                let work = place(received);
                tokio::spawn(async move {
                    tell.send_replace(Some(work.await.map_err(|error| error.to_string())));
                });
                *self = Stage::Placed(told);
            }
            other => *self = other,
        }
        match self {
            Stage::Placed(told) => Ok(told.clone()),
            _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a snapshot ended before its last piece")),
        }
    }
}

fn late() -> io::Error {
    io::Error::other("another connection goes on with this snapshot, or another snapshot has begun")
}
