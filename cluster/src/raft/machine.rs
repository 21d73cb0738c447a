//! From committed log entries to a partition's tables, or to the meta state.

use super::proposal::Command;
use super::snapshot::{self, Received, Rows};
use super::{LogId, StoredMembership, Types};
use super::{codec, record, stored};
use crate::admission::Admission;
use crate::meta::MetaStore;
use crate::meters::Meters;
use crate::observer::Observer;
use crate::threads::{self, blocking};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use openraft::alias::{SnapshotMetaOf, SnapshotOf};
use openraft::storage::{ApplyResponder, EntryResponder, RaftSnapshotBuilder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend};
use parking_lot::Mutex;
use proto::PartitionId;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use storage::{Applied, Partition, Shortage};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Entries applied in one batch.
const SLICE_MAX: usize = 128;
/// Larger slices may take over 500 µs and are kept off the runtime's workers (see decisions/0002).
const INLINE_MAX: usize = 16;
/// How often it is tried again while the system lacks something.
pub(super) const RETRY: Duration = Duration::from_millis(250);

/// What a group's commands change.
#[derive(Clone)]
pub(crate) enum Target {
    Partition { id: PartitionId, partition: Arc<Partition>, observer: Arc<dyn Observer> },
    Meta(Arc<MetaStore>),
}

impl Target {
    /// What is in the tables: the last log id and the membership's bytes.
    pub(super) fn applied(&self) -> (Option<LogId>, Bytes) {
        match self {
            Target::Partition { partition, .. } => {
                let applied = partition.applied();
                (place(applied.index, applied.term), applied.membership)
            }
            Target::Meta(meta) => {
                let file = meta.file();
                (place(file.index, file.term), file.membership)
            }
        }
    }
}

/// One group's state machine. Clones share everything.
#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) target: Target,
    pub(crate) admission: Arc<Admission>,
    pub(crate) meters: Arc<Meters>,
    flushed: Arc<Mutex<Option<SnapshotMetaOf<Types>>>>,
    lasting: Lasting,
    /// Of a snapshot on its way.
    piece_bytes: usize,
    /// Held, never used: tells when the last clone is gone.
    _alive: mpsc::Sender<Infallible>,
}

/// What outlives one run of a group. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Lasting {
    /// The observer's work on rows that were replaced, until somebody waits for it.
    rebuild: Arc<tokio::sync::Mutex<Option<JoinHandle<io::Result<()>>>>>,
    pub(crate) rebuilding: Arc<AtomicBool>,
    /// Entries that are in the tables and that the observer has heard of.
    pub(crate) heard: Arc<watch::Sender<u64>>,
}

impl Machine {
    pub(crate) fn new(
        target: Target,
        lasting: Lasting,
        admission: Arc<Admission>,
        meters: Arc<Meters>,
        piece_bytes: usize,
        alive: mpsc::Sender<Infallible>,
    ) -> Self {
        let flushed = Arc::default();
        let machine = Machine { target, admission, meters, flushed, lasting, piece_bytes, _alive: alive };
        // At the start the observer has what the tables have.
        if !machine.lasting.rebuilding.load(Ordering::Acquire) {
            machine.lasting.heard.send_replace(machine.applied_index());
        }
        machine
    }

    /// What is applied: the last log id and membership.
    fn state(&self) -> io::Result<(Option<LogId>, StoredMembership)> {
        let (applied, membership) = self.target.applied();
        Ok((applied, codec::decode_stored(membership)?))
    }

    /// Entries that are in the tables, as the storage crate counts.
    fn applied_index(&self) -> u64 {
        self.target.applied().0.map_or(0, |id| id.index + 1)
    }

    fn meta(&self) -> io::Result<SnapshotMetaOf<Types>> {
        let (last_log_id, last_membership) = self.state()?;
        Ok(SnapshotMetaOf::<Types> { last_log_id, last_membership })
    }

    fn flush(&self) -> io::Result<SnapshotMetaOf<Types>> {
        let meta = self.meta()?;
        if let Target::Partition { partition, .. } = &self.target {
            partition.flush().map_err(io::Error::other)?;
            let durable = partition.durable_index().map_err(io::Error::other)?;
            if meta.last_log_id.is_some_and(|id| durable < id.index + 1) {
                return Err(io::Error::other("a flush left applied entries behind"));
            }
        }
        Ok(meta)
    }

    async fn apply_slice(
        &self,
        slice: &mut Vec<storage::Entry>,
        replies: &mut Vec<Option<ApplyResponder<Types>>>,
    ) -> io::Result<()> {
        let Some(last) = slice.last().map(|entry| entry.index) else { return Ok(()) };
        let Target::Partition { id, partition, observer } = &self.target else { return Ok(()) };
        let shows_part = slice.iter().any(|entry| entry.payload.shows_part());
        let _showing = shows_part.then(|| observer.showing());
        let started = Instant::now();
        let apply = || match blocking(slice.len() > INLINE_MAX, || partition.try_apply(slice)) {
            // The tables are behind with their own writes: waited for, but not on a worker.
            Err(storage::Error::Busy(_)) => blocking(true, || partition.apply(slice)),
            applied => applied,
        };
        let outcomes = self.unless_short(apply, storage::Error::shortage).await.map_err(io::Error::other)?;
        self.meters.applied(slice.len(), started.elapsed());
        slice.clear();
        let mut answers = Vec::with_capacity(outcomes.len());
        let mut changes = Vec::new();
        for (outcome, changed) in outcomes {
            answers.push(outcome);
            changes.extend(changed);
        }
        observer.applied(*id, last, &changes).await;
        self.lasting.heard.send_replace(last);
        for (reply, answer) in replies.drain(..).zip(answers) {
            if let Some(reply) = reply {
                reply.send(answer);
            }
        }
        Ok(())
    }

    /// Repeats `work`, which does all or nothing, while the system lacks something: a group waits instead of dying.
    async fn unless_short<T, E>(
        &self,
        work: impl Fn() -> Result<T, E>,
        shortage: impl Fn(&E) -> Option<Shortage>,
    ) -> Result<T, E> {
        let mut waiting = None;
        loop {
            let done = work();
            let Some(what) = done.as_ref().err().and_then(&shortage) else { return done };
            waiting.get_or_insert_with(|| self.admission.wait_for(what));
            tokio::time::sleep(RETRY).await;
        }
    }

    /// The meta group: rare, so one file write per entry.
    async fn apply_meta(&self, meta: &MetaStore, (entry, reply): EntryResponder<Types>) -> io::Result<()> {
        let (index, term) = (entry.log_id.index + 1, entry.log_id.leader_id.term);
        let (command, membership) = match entry.payload {
            EntryPayload::Blank => (None, None),
            EntryPayload::Membership(membership) => {
                let stored = StoredMembership::new(Some(entry.log_id), membership);
                (None, Some(codec::encode_stored(&stored)))
            }
            EntryPayload::Normal(proposal) => match proposal.into_command()? {
                Command::Meta(command) => (Some(command), None),
                Command::Partition(_) => return Err(record::bad("a partition's command in the meta log")),
            },
        };
        let apply = || blocking(true, || meta.apply(index, term, command.as_deref(), membership.clone()));
        self.unless_short(apply, Shortage::of).await?;
        if let Some(reply) = reply {
            reply.send(Applied::Done);
        }
        Ok(())
    }

    /// Has the observer take in rows that were replaced, beside the group: the library answers nobody while a snapshot is
    /// installed, and this may take minutes. Nothing is applied before it is done.
    async fn rebuild(
        &self,
        id: PartitionId,
        partition: Arc<Partition>,
        observer: Arc<dyn Observer>,
        showing: Box<dyn Send>,
    ) {
        let mut last = self.lasting.rebuild.lock().await;
        let before = last.take();
        let (rebuilding, heard) = (self.lasting.rebuilding.clone(), self.lasting.heard.clone());
        rebuilding.store(true, Ordering::Release);
        *last = Some(tokio::spawn(async move {
            if let Some(before) = before {
                before.await.map_err(io::Error::other)??;
            }
            rebuilding.store(true, Ordering::Release);
            let done = observer.replaced(id).await;
            drop(showing);
            if done.is_ok() {
                heard.send_replace(partition.applied().index);
            }
            rebuilding.store(false, Ordering::Release);
            done
        }));
    }

    async fn rebuilt(&self) -> io::Result<()> {
        let last = self.lasting.rebuild.lock().await.take();
        match last {
            Some(last) => last.await.map_err(io::Error::other)?,
            None => Ok(()),
        }
    }
}

/// The last applied entry, which the storage crate counts from 1 and has 0 for "none"; the library counts from 0.
fn place(index: u64, term: u64) -> Option<LogId> {
    index.checked_sub(1).map(|index| LogId::new_term_index(term, index))
}

fn shortage(error: &io::Error) -> Option<Shortage> {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<storage::Error>());
    cause.and_then(storage::Error::shortage)
}

impl RaftStateMachine<Types> for Machine {
    type SnapshotData = Rows;
    type SnapshotBuilder = Machine;

    async fn applied_state(&mut self) -> io::Result<(Option<LogId>, StoredMembership)> {
        self.state()
    }

    async fn apply<S>(&mut self, mut entries: S) -> io::Result<()>
    where
        S: Stream<Item = io::Result<EntryResponder<Types>>> + Unpin + OptionalSend,
    {
        self.rebuilt().await?;
        let (mut slice, mut replies) = (Vec::new(), Vec::new());
        while let Some(entry) = entries.next().await {
            if let Target::Meta(meta) = &self.target {
                self.apply_meta(meta, entry?).await?;
                continue;
            }
            let (entry, reply) = entry?;
            slice.push(stored::stored(entry)?);
            replies.push(reply);
            if slice.len() >= SLICE_MAX {
                self.apply_slice(&mut slice, &mut replies).await?;
            }
        }
        self.apply_slice(&mut slice, &mut replies).await
    }

    async fn get_snapshot_builder(&mut self) -> Machine {
        self.clone()
    }

    async fn install_snapshot(&mut self, _: &SnapshotMetaOf<Types>, snapshot: Rows) -> io::Result<()> {
        match (&self.target, snapshot) {
            (Target::Partition { id, partition, observer }, Rows::Received(Received::Partition(import))) => {
                // Rows and index disagree from here on until the observer has taken them in.
                let showing = observer.showing();
                let installed = partition.clone();
                threads::beside(move || installed.install(*import)).await?.map_err(io::Error::other)?;
                self.rebuild(*id, partition.clone(), observer.clone(), showing).await;
            }
            (Target::Meta(meta), Rows::Received(Received::Meta(state))) => {
                let meta = meta.clone();
                threads::beside(move || meta.install(state)).await??;
            }
            _ => return Err(record::bad("a snapshot of another kind of group")),
        }
        *self.flushed.lock() = Some(self.meta()?);
        Ok(())
    }

    /// For another node: the rows as they are now, not as they were when the log was purged.
    async fn get_current_snapshot(&mut self) -> io::Result<Option<SnapshotOf<Types, Rows>>> {
        if self.flushed.lock().is_none() {
            return Ok(None);
        }
        let (meta, pieces) = match &self.target {
            Target::Meta(meta) => (self.meta()?, snapshot::single(meta.export())),
            Target::Partition { partition, .. } => {
                let (applied, pieces) = snapshot::export(partition.clone(), self.piece_bytes).await?;
                let last_log_id = place(applied.index, applied.term);
                let last_membership = codec::decode_stored(applied.membership)?;
                (SnapshotMetaOf::<Types> { last_log_id, last_membership }, pieces)
            }
        };
        Ok(Some(SnapshotOf::<Types, Rows> { meta, snapshot: Rows::Sent(pieces) }))
    }
}

impl RaftSnapshotBuilder<Types> for Machine {
    type SnapshotData = Rows;

    async fn build_snapshot(&mut self) -> io::Result<SnapshotOf<Types, Rows>> {
        let mut waiting = None;
        loop {
            let machine = self.clone();
            match threads::beside(move || machine.flush()).await.flatten() {
                Ok(meta) => {
                    *self.flushed.lock() = Some(meta.clone());
                    return Ok(SnapshotOf::<Types, Rows> { meta, snapshot: Rows::Flushed });
                }
                Err(error) => {
                    // An error here would stop the group for good: the flush waits, the log for its purge.
                    let Some(what) = shortage(&error) else { return Err(error) };
                    waiting.get_or_insert_with(|| self.admission.wait_for(what));
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}
