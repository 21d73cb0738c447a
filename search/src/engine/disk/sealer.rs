//! The thread of a shard that writes runs of the tail into segments.
//!
//! It never gives up: a run that cannot be written (a full disk, above all) stays in the tail, where searches see it, and
//! is tried again with a new writer until it can. Meanwhile the tail fills, and at its bound writers wait.

use super::document;
use super::merging;
use super::work::{Next, Queue, Work};
use crate::engine::identity;
use crate::engine::index::by_key::{ByKey, Wanted};
use crate::engine::index::schema::{Fields, schema};
use crate::engine::options::Options;
use crate::engine::orders::Orders;
use crate::engine::segments::Segments;
use crate::engine::tail::{Entry, Of, Sieve, Tail};
use crate::engine::upto;
use crate::error::{Error, Result};
use crate::kind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tantivy::indexer::IndexWriterOptions;
use tantivy::{Index, IndexReader, IndexWriter, Term};

/// A shard that sealed nothing for this long lets go of its writer: its threads and its memory.
const REST_AFTER: Duration = Duration::from_secs(5);
/// A lasting failure is logged this often.
const FAILURE_LOGGED: Duration = Duration::from_secs(60);

/// The sealer.
pub struct Sealer {
    shard: String,
    queue: Queue,
    index: Index,
    /// `None` at rest and after a failure.
    writer: Option<IndexWriter>,
    reader: IndexReader,
    orders: Arc<Orders>,
    fields: Fields,
    options: Options,
}

impl Sealer {
    /// Takes the index for writing, so that a folder in use by another process is found at start.
    pub fn open(
        number: usize,
        tail: Arc<Tail>,
        index: &Index,
        (reader, orders): (IndexReader, Arc<Orders>),
        options: &Options,
    ) -> Result<Self> {
        let (shard, index, fields, options) =
            (number.to_string(), index.clone(), schema().1, options.clone());
        let queue = Queue::new(tail, &options);
        let mut sealer = Sealer { shard, queue, index, writer: None, reader, orders, fields, options };
        sealer.writer()?;
        Ok(sealer)
    }

    /// Seals until the tail is stopped and empty.
    pub fn run(mut self) {
        loop {
            let rest_after = self.writer.is_some().then_some(REST_AFTER);
            match self.queue.take(rest_after) {
                Next::Seal(work) if self.seal_at_last(&work) => {
                    self.queue.sealed(&work, self.segments());
                }
                Next::Rest => self.rest(),
                Next::Seal(_) | Next::Stop => break,
            }
        }
        self.rest();
    }

    /// The newest ones. Searches that go through them in an order do not wait for its making.
    fn segments(&self) -> Segments {
        let searcher = self.reader.searcher();
        if let Err(error) = self.orders.renew(&searcher) {
            tracing::warn!(shard = self.shard, %error, "orders of new segments are made when they are asked for");
        }
        Segments::new(searcher, Arc::clone(&self.orders))
    }

    /// Seals, however often it takes. False: stopped before it could.
    fn seal_at_last(&mut self, work: &Work) -> bool {
        let failing = metrics::gauge!("salamander_search_seal_failing", "shard" => self.shard.clone());
        let (began, mut logged, mut failures) = (Instant::now(), None, 0_u64);
        while let Err(reason) = self.try_seal(work, failures > 0) {
            failures += 1;
            failing.set(1.0);
            metrics::counter!("salamander_search_seal_failures_total", "shard" => self.shard.clone())
                .increment(1);
            if logged.is_none_or(|at: Instant| at.elapsed() >= FAILURE_LOGGED) {
                logged = Some(Instant::now());
                tracing::error!(
                    shard = self.shard, reason, failures, failing_for = ?began.elapsed(), fill = self.queue.tail.fill(),
                    "the search index cannot be written; trying again until it can, writes wait when the tail is full"
                );
            }
            self.queue.failed(reason);
            if self.queue.pause(self.options.retry_after) {
                return false;
            }
        }
        if failures > 0 {
            failing.set(0.0);
            tracing::info!(shard = self.shard, failures, failed_for = ?began.elapsed(), "the search index is written again");
        }
        true
    }

    fn try_seal(&mut self, work: &Work, again: bool) -> std::result::Result<(), String> {
        // A panic in Tantivy is a failed seal, not the end of sealing.
        let sealed = match catch_unwind(AssertUnwindSafe(|| self.seal(work, again))) {
            Ok(sealed) => sealed.map_err(|error| error.to_string()),
            Err(_) => Err("a panic while sealing".to_owned()),
        };
        if sealed.is_err() {
            // Half of the run may be in it. Rolling back is no way: it panics where the rollback before it failed.
            self.writer = None;
        }
        sealed
    }

    /// Deletes what is to be forgotten, writes a run, commits it with its applied indexes, and opens the new segments. `again`: it may be in them already, by
    /// an attempt that failed after its commit.
    fn seal(&mut self, work: &Work, again: bool) -> Result<()> {
        let started = Instant::now();
        let fields = self.fields;
        let len = work.generation.len();
        let entries: Vec<&Entry> = work.generation.newest(len, &Sieve::Pass).collect();
        let replaced = entries.iter().filter(|entry| again || !entry.first);
        let replaced: Vec<Wanted> =
            replaced.map(|entry| Wanted::row(entry.tenant, &entry.key, entry.hash)).collect();
        let mut key = Vec::with_capacity(identity::GUESSED);
        let writer = self.writer()?;
        for forget in &work.forgets {
            let term = match forget.of {
                Of::Partition(partition) => kind::index::partition(partition),
                Of::Tenant(tenant) => kind::index::tenant(tenant),
            };
            writer.delete_term(Term::from_field_bytes(fields.terms, &term));
        }
        // All at once and first: a segment is opened once for them, and what is added below stays.
        if !replaced.is_empty() {
            writer.delete_query(Box::new(ByKey::any(replaced)))?;
        }
        for entry in entries.into_iter().filter(|entry| entry.values.is_some()) {
            key.clear();
            identity::encode(entry.tenant, &entry.key, &mut key);
            writer.add_document(document::of(entry, &key, &fields))?;
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&upto::write(&work.upto));
        commit.commit()?;
        self.reader.reload()?;
        metrics::counter!("salamander_search_sealed_documents_total").increment(len as u64);
        metrics::histogram!("salamander_search_seal_seconds").record(started.elapsed().as_secs_f64());
        Ok(())
    }

    /// The writer, a new one if there is none.
    fn writer(&mut self) -> Result<&mut IndexWriter> {
        if self.writer.is_none() {
            let options = IndexWriterOptions::builder()
                .num_worker_threads(1)
                .num_merge_threads(1)
                .memory_budget_per_thread(self.options.writer_bytes)
                .build();
            let writer: IndexWriter = self.index.writer_with_options(options)?;
            writer.set_merge_policy(Box::new(merging::policy()));
            // What failed attempts left behind must not fill the disk.
            if self.queue.tail.failure().is_some() {
                writer.garbage_collect_files().wait()?;
            }
            self.writer = Some(writer);
        }
        self.writer.as_mut().ok_or(Error::Closed)
    }

    /// Ends the writer's threads. Merges in flight end first, or their work would be lost.
    fn rest(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        if let Err(error) = writer.wait_merging_threads() {
            tracing::warn!(shard = self.shard, %error, "merges of the search index did not end well");
        }
    }
}
