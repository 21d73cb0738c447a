//! A search shard: a tail, segments, and the thread that turns one into the other.

use super::index::schema::{Fields, schema};
use super::options::Options;
use super::sealer::Sealer;
use super::tail::Tail;
use super::upto::Upto;
use crate::error::{Error, Result};
use proto::id::PartitionId;
use std::sync::Arc;
use std::thread::JoinHandle;
use tantivy::{Index, IndexReader, ReloadPolicy};

/// Blocks of the document store a reader keeps unpacked. Hits come from columns; only odd leaves read the store.
const STORE_CACHE_BLOCKS: usize = 4;

/// The shard.
pub struct Shard {
    pub tail: Arc<Tail>,
    pub fields: Fields,
    sealer: Option<JoinHandle<()>>,
}

impl Shard {
    /// Starts the sealer over an index that holds partitions as far as `upto` says.
    pub fn start(
        number: usize,
        index: &Index,
        upto: &[(PartitionId, Upto)],
        options: &Options,
    ) -> Result<Self> {
        let reader: IndexReader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(STORE_CACHE_BLOCKS)
            .try_into()?;
        let fields = schema().1;
        let tail = Arc::new(Tail::new(reader.searcher(), upto, options));
        let sealer = Sealer::open(number, Arc::clone(&tail), index, reader, options)?;
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
