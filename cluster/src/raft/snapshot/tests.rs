//! A snapshot over a line that breaks, damages, doubles and loses.

use super::{Arriving, Line, Means, Names, Part, Received, STALLED, Sink, export, send, take};
use crate::meters::Meters;
use crate::transport::{Answer, Kind, Pieces};
use bytes::Bytes;
use parking_lot::Mutex;
use prost::Message as _;
use proto::internal::v1::{ArrivedAnswer, ArrivedRequest, LogId, Snapshot, SnapshotTransfer};
use proto::log::v1 as log;
use proto::{CompartmentKey, PartitionId, ResourceId, TenantId, TypeCode};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use storage::{Applied, Disk, Entry, EntryPayload, Partition, Store};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// A piece is a row.
const PIECE_BYTES: usize = 100;

/// What befalls one connection, at the piece of that place.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It ends before that piece, as both sides see.
    Breaks(usize),
    /// It ends, and the receiver goes on to wait, and gets that piece when another connection is there.
    HalfOpen(usize),
    AnswerLost,
    /// Nothing moves from there on.
    Hangs(usize),
    Damages(usize),
    Loses(usize),
    Doubles(usize),
    Swaps(usize),
}

struct Wire {
    arriving: Mutex<Arriving>,
    names: Arc<Names>,
    to: Arc<Partition>,
    fates: Mutex<VecDeque<Fate>>,
    /// A version before.
    is_old: bool,
    heads: Mutex<Vec<Snapshot>>,
    carried: AtomicUsize,
    placed: Arc<AtomicUsize>,
    errors: Arc<Mutex<Vec<String>>>,
    late: Mutex<Vec<(mpsc::Sender<io::Result<Bytes>>, Bytes)>>,
}

/// The sender's end of it.
struct End(Arc<Wire>);

impl Wire {
    fn new(fates: &[Fate]) -> Arc<Wire> {
        Arc::new(Wire::plain(fates))
    }

    fn plain(fates: &[Fate]) -> Wire {
        Wire {
            arriving: Mutex::new(Arriving::new(Arc::new(Meters::new()))),
            names: Arc::new(Names::new(1, 7)),
            to: partition(0),
            fates: Mutex::new(fates.iter().copied().collect()),
            is_old: false,
            heads: Mutex::default(),
            carried: AtomicUsize::default(),
            placed: Arc::default(),
            errors: Arc::default(),
            late: Mutex::default(),
        }
    }

    async fn receive(self: Arc<Wire>, head: Snapshot, pieces: Pieces) -> io::Result<Bytes> {
        let part = head.transfer.map(|transfer| Part { transfer, first: head.first, attempt: head.attempt });
        let index = head.last.map_or(0, |last| last.index + 1);
        let sink = Sink::Partition { partition: self.to.clone(), index, import: None };
        let (to, placed) = (self.to.clone(), self.placed.clone());
        let place = move |received| async move {
            let Received::Partition(import) = received else { panic!("rows of a partition") };
            to.install(*import).map_err(io::Error::other)?;
            placed.fetch_add(1, Ordering::Relaxed);
            Ok(Bytes::from_static(b"placed"))
        };
        let arriving = self.arriving.lock().clone();
        match part {
            None => place(take(sink, pieces).await?).await,
            Some(part) => {
                arriving.receive(&part, 5, sink, pieces, Box::new(|received| Box::pin(place(received)))).await
            }
        }
    }

    async fn carry(self: Arc<Wire>, head: Snapshot, mut pieces: Pieces) -> io::Result<Bytes> {
        let broken = || io::Error::other("the connection was lost");
        for (late, piece) in self.late.lock().drain(..) {
            let _ = late.try_send(Ok(piece));
        }
        self.heads.lock().push(head.clone());
        let fate = self.fates.lock().pop_front();
        let (to, carried) = mpsc::channel(100);
        let receiving = tokio::spawn(self.clone().receive(head, carried));
        let mut held = None;
        for at in 0.. {
            let piece = tokio::select! {
                biased;
                () = to.closed() => break,
                piece = pieces.recv() => piece,
            };
            let Some(piece) = piece else { break };
            let mut piece = piece?;
            match fate {
                Some(Fate::Breaks(place)) if place == at => {
                    drop(to);
                    receiving.await.unwrap().unwrap_err();
                    return Err(broken());
                }
                Some(Fate::HalfOpen(place)) if place == at => {
                    self.late.lock().push((to, piece));
                    return Err(broken());
                }
                Some(Fate::Hangs(place)) if place == at => std::future::pending().await,
                Some(Fate::Damages(place)) if place == at && !piece.is_empty() => {
                    let mut bytes = piece.to_vec();
                    *bytes.last_mut().unwrap() ^= 1;
                    piece = bytes.into();
                }
                Some(Fate::Loses(place)) if place == at => continue,
                Some(Fate::Doubles(place)) if place == at => drop(to.send(Ok(piece.clone())).await),
                Some(Fate::Swaps(place)) if place == at => {
                    held = Some(piece);
                    continue;
                }
                _ => {}
            }
            self.carried.fetch_add(1, Ordering::Relaxed);
            let _ = to.send(Ok(piece)).await;
            if let Some(held) = held.take() {
                let _ = to.send(Ok(held)).await;
            }
        }
        let answer = receiving.await.unwrap();
        if let Err(error) = &answer {
            self.errors.lock().push(error.to_string());
        }
        match fate {
            Some(Fate::AnswerLost) => Err(broken()),
            _ => answer,
        }
    }

    /// All rows of `from` go over it.
    async fn send(self: &Arc<Wire>, from: &Arc<Partition>) -> io::Result<Bytes> {
        let (applied, pieces) = export(from.clone(), PIECE_BYTES).await?;
        let last = Some(LogId { term: applied.term, index: applied.index - 1 });
        let head = Snapshot { last, ..Snapshot::default() };
        let means =
            Means { names: self.names.clone(), meters: Arc::new(Meters::new()), piece_bytes: PIECE_BYTES };
        send(&End(self.clone()), &means, head, pieces).await
    }

    fn firsts(&self) -> Vec<u64> {
        self.heads.lock().iter().map(|head| head.first).collect()
    }

    fn carried(&self) -> usize {
        self.carried.load(Ordering::Relaxed)
    }
}

impl Line for End {
    fn target(&self) -> u64 {
        2
    }

    fn ask(&self, kind: Kind, body: Bytes) -> Answer {
        let line = self.0.clone();
        Box::pin(async move {
            assert_eq!(kind, Kind::Arrived);
            if line.is_old {
                return Err(io::Error::other("a question of kind 10, which this version does not know"));
            }
            let arriving = line.arriving.lock().clone();
            let pieces = arriving.arrived(&ArrivedRequest::decode(body).unwrap()).await;
            Ok(ArrivedAnswer { pieces }.encode_to_vec().into())
        })
    }

    fn ship(&self, head: &Snapshot, pieces: Pieces) -> Answer {
        Box::pin(self.0.clone().carry(head.clone(), pieces))
    }
}

/// With so many resources.
fn partition(resources: u64) -> Arc<Partition> {
    let partition = Store::in_memory(&Disk::default()).partition(PartitionId(1)).unwrap();
    let entry = |index: u64| {
        let id = ResourceId::parse(&format!("r{index}")).unwrap();
        let key = CompartmentKey::of(TenantId(1), TypeCode(103), id).own();
        let body = Bytes::from(vec![index as u8; PIECE_BYTES]);
        let method = log::Method::Create as i32;
        let version =
            log::Version { version: 1, last_updated_ms: 1, method, body, ..log::Version::default() };
        let index_values = Bytes::from_static(b"\x01");
        let put =
            log::Put { key: Some(key.into()), version: Some(version), index_values, ..log::Put::default() };
        let mutation = log::Mutation { kind: Some(log::mutation::Kind::Put(put)) };
        let write = log::Write { mutations: vec![mutation], ..log::Write::default() };
        let command = log::Command { time_ms: 1, tenant: 1, kind: Some(log::command::Kind::Write(write)) };
        Entry { index, term: 1, payload: EntryPayload::Command(command) }
    };
    let entries: Vec<Entry> = (1..=resources).map(entry).collect();
    let applied = partition.apply(&entries).unwrap();
    assert!(applied.iter().all(|(outcome, _)| matches!(outcome, Applied::Done)), "{applied:?}");
    partition
}

/// What is sent arrives, once.
async fn arrives(from: &Arc<Partition>, line: &Arc<Wire>) {
    let answer = line.send(from).await;
    assert_eq!(answer.as_deref().ok(), Some(&b"placed"[..]), "{answer:?}");
    assert_eq!(line.placed.load(Ordering::Relaxed), 1);
    assert_eq!(line.to.digest().unwrap(), from.digest().unwrap());
}

/// With the last one and the transport's own.
async fn pieces_of(from: &Arc<Partition>) -> usize {
    let line = Wire::new(&[]);
    arrives(from, &line).await;
    assert_eq!(line.firsts(), [0]);
    line.carried()
}

#[tokio::test(start_paused = true)]
async fn what_breaks_before_any_piece_goes_on_with_that_piece() {
    let from = partition(20);
    let pieces = pieces_of(&from).await;
    assert!(pieces > 20);
    for at in 0..pieces {
        let line = Wire::new(&[Fate::Breaks(at)]);
        arrives(&from, &line).await;
        assert_eq!(line.firsts(), [0, at as u64]);
        assert!(line.carried() <= pieces + 1, "nothing is sent twice, but for the end: {}", line.carried());
    }
    let line = Wire::new(&[Fate::Breaks(9), Fate::Breaks(0), Fate::Breaks(5), Fate::Breaks(1)]);
    arrives(&from, &line).await;
    assert_eq!(line.firsts(), [0, 9, 9, 14, 15]);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_connection_brings_late_is_not_put() {
    let from = partition(20);
    for at in 0..pieces_of(&from).await {
        let line = Wire::new(&[Fate::HalfOpen(at)]);
        arrives(&from, &line).await;
        assert!(line.heads.lock().len() == 2 && line.firsts()[1] <= at as u64, "{:?}", line.firsts());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_told_again_and_rows_are_placed_once() {
    let line = Wire::new(&[Fate::AnswerLost, Fate::AnswerLost]);
    arrives(&partition(20), &line).await;
    assert_eq!(line.heads.lock().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_damages_loses_doubles_or_swaps_pieces_is_told_which_and_asked_again() {
    let from = partition(20);
    let wrong = |fate: Fate, told: &'static str| (fate, told);
    for (fate, told) in [
        wrong(Fate::Damages(7), "piece 7 of a snapshot was damaged on its way"),
        wrong(Fate::Loses(7), "piece 7 of a snapshot was lost, piece 8 comes"),
        wrong(Fate::Doubles(7), "piece 7 of a snapshot comes again, piece 8 should"),
        wrong(Fate::Swaps(7), "piece 7 of a snapshot was lost, piece 8 comes"),
    ] {
        let line = Wire::new(&[fate]);
        arrives(&from, &line).await;
        assert_eq!(*line.errors.lock(), [told]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_always_breaks_is_given_up() {
    let from = partition(20);
    let error = Wire::new(&[Fate::Breaks(0); 20]).send(&from).await.unwrap_err().to_string();
    assert!(error.contains("does not get beyond piece 0"), "{error}");
    let always = [&[Fate::Damages(7)][..], &[Fate::Damages(0); 9]].concat();
    let error = Wire::new(&always).send(&from).await;
    assert!(error.unwrap_err().to_string().contains("piece 7 of a snapshot was damaged"));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_hangs_is_left_for_another() {
    let line = Wire::new(&[Fate::Hangs(11)]);
    arrives(&partition(40), &line).await;
    assert_eq!(line.firsts(), [0, 11]);
}

#[tokio::test(start_paused = true)]
async fn a_node_of_the_version_before_gets_it_whole_and_bare() {
    let line = Arc::new(Wire { is_old: true, ..Wire::plain(&[]) });
    arrives(&partition(20), &line).await;
    assert!(line.heads.lock()[0].transfer.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_has_let_go_gets_another_snapshot() {
    let from = partition(40);
    let line = Wire::new(&[Fate::HalfOpen(30)]);
    let forgets = line.clone();
    let sent = tokio::spawn({
        let (line, from) = (line.clone(), from.clone());
        async move { line.send(&from).await }
    });
    while line.carried() < 30 {
        tokio::task::yield_now().await;
    }
    // As by a restart.
    *forgets.arriving.lock() = Arriving::new(Arc::new(Meters::new()));
    let error = sent.await.unwrap().unwrap_err().to_string();
    assert!(error.contains("let go of a snapshot, which begins anew"), "{error}");
    assert_eq!(line.to.digest().unwrap(), partition(0).digest().unwrap());
    arrives(&from, &line).await;
}

#[tokio::test(start_paused = true)]
async fn what_has_come_is_kept_for_a_while_and_until_another_begins() {
    let from = partition(20);
    let known = async |line: &Arc<Wire>, number: u64| {
        let transfer = Some(SnapshotTransfer { sender: 1, life: 7, number });
        let arriving = line.arriving.lock().clone();
        arriving.arrived(&ArrivedRequest { transfer, attempt: 9, beyond: 0 }).await
    };
    let line = Wire::new(&[Fate::Hangs(12)]);
    let sending = tokio::spawn({
        let (line, from) = (line.clone(), from.clone());
        async move { line.send(&from).await }
    });
    while line.carried() < 12 {
        tokio::task::yield_now().await;
    }
    sending.abort();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(known(&line, 1).await, 12);
    sleep(STALLED - STALLED / 10).await;
    assert_eq!(known(&line, 1).await, 12, "asked for, and so kept");
    sleep(STALLED + STALLED / 10).await;
    assert_eq!(known(&line, 1).await, 0);
    arrives(&from, &line).await;
    assert_eq!((known(&line, 1).await, known(&line, 2).await > 20), (0, true), "another has begun");
}
