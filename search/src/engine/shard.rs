//! A search shard: a tail, segments, and the thread that turns one into the other.

use super::index::document;
use super::index::schema::{Fields, schema};
use super::options::Options;
use super::recovery::write_payload;
use super::tail::{Tail, Work};
use crate::error::{Error, Result};
use proto::id::PartitionId;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use tantivy::indexer::IndexWriterOptions;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Term};

/// Blocks of the document store a reader keeps unpacked. Hits come from columns; only odd leaves read the store.
const STORE_CACHE_BLOCKS: usize = 4;

/// The shard.
pub struct Shard {
    pub tail: Arc<Tail>,
    pub fields: Fields,
    sealer: Option<JoinHandle<()>>,
}

impl Shard {
    /// Starts the sealer over an index that is complete up to `applied`.
    pub fn start(
        number: usize,
        index: &Index,
        applied: FxHashMap<PartitionId, u64>,
        options: &Options,
    ) -> Result<Self> {
        let writer_options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(options.writer_bytes)
            .build();
        let writer: IndexWriter = index.writer_with_options(writer_options)?;
        let reader: IndexReader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(STORE_CACHE_BLOCKS)
            .try_into()?;
        let fields = schema().1;
        let tail = Arc::new(Tail::new(reader.searcher(), applied, options));
        let sealer = Sealer { tail: Arc::clone(&tail), writer, reader, fields, options: options.clone() };
        let thread = std::thread::Builder::new().name(format!("search-sealer-{number}"));
        let thread = thread.spawn(move || sealer.run()).map_err(Error::io("search sealer thread"))?;
        Ok(Shard { tail, fields, sealer: Some(thread) })
    }

    /// Seals what is left and ends the sealer.
    pub fn close(&mut self) {
        self.tail.stop();
        if let Some(sealer) = self.sealer.take()
            && sealer.join().is_err()
        {
            tracing::error!("a search sealer has panicked");
        }
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.close();
    }
}

struct Sealer {
    tail: Arc<Tail>,
    writer: IndexWriter,
    reader: IndexReader,
    fields: Fields,
    options: Options,
}

impl Sealer {
    fn run(mut self) {
        while let Some(work) = self.tail.take(self.options.seal_after) {
            while let Err(error) = self.seal(&work) {
                metrics::counter!("search_seal_failures_total").increment(1);
                tracing::error!(%error, "the search index cannot be written; trying again");
                if let Err(error) = self.writer.rollback() {
                    tracing::error!(%error, "the search index cannot be rolled back");
                }
                if self.tail.pause(self.options.retry_after) {
                    return;
                }
            }
            self.tail.sealed(self.reader.searcher());
        }
        // Merges in flight end; their files would otherwise be redone at the next start.
        if let Err(error) = self.writer.wait_merging_threads() {
            tracing::warn!(%error, "merges of the search index did not end well");
        }
    }

    /// Writes a run, commits it with its applied indexes, and opens the new segments.
    fn seal(&mut self, work: &Work) -> Result<()> {
        let started = std::time::Instant::now();
        let mut key = Vec::with_capacity(160);
        let len = work.generation.len();
        for entry in work.generation.newest(len) {
            key.clear();
            super::identity::encode(entry.tenant, &entry.key, &mut key);
            if !entry.first {
                self.writer.delete_term(Term::from_field_bytes(self.fields.key, &key));
            }
            if entry.values.is_some() {
                self.writer.add_document(document::of(entry, &key, &self.fields)?)?;
            }
        }
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&write_payload(&work.applied));
        commit.commit()?;
        self.reader.reload()?;
        metrics::counter!("search_sealed_documents_total").increment(len as u64);
        metrics::histogram!("search_seal_seconds").record(started.elapsed().as_secs_f64());
        Ok(())
    }
}
