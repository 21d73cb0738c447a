//! The real parts of the engine: the only place of this crate with files, threads, a clock and chance. An engine in memory
//! has nothing of it.

mod directory;
mod document;
mod key;
mod merging;
mod recovery;
mod room;
mod sealer;
mod work;

pub use key::open as signer;
pub use recovery::{Found, Recovered, open};
pub use room::wait;

use super::options::Options;
use super::orders::Orders;
use super::segments::Segments;
use super::tail::Tail;
use crate::error::{Error, Result};
use sealer::Sealer;
use std::sync::Arc;
use std::thread::JoinHandle;
use tantivy::{IndexReader, ReloadPolicy};

/// Blocks of the document store a reader keeps unpacked. Hits come from columns; only odd leaves read the store.
const STORE_CACHE_BLOCKS: usize = 4;

/// What turns a tail into segments.
pub struct Disk {
    tail: Arc<Tail>,
    sealer: Option<JoinHandle<()>>,
}

impl Disk {
    /// Starts the sealer of a new tail over the index of a shard.
    pub fn start(number: usize, (index, upto): &Found, options: &Options) -> Result<(Arc<Tail>, Disk)> {
        let reader: IndexReader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(STORE_CACHE_BLOCKS)
            .try_into()?;
        let orders =
            Arc::new(Orders::new(options.order_docs_min, options.order_bytes_max / options.shards.max(1)));
        let segments = Segments::new(reader.searcher(), Arc::clone(&orders));
        let tail = Arc::new(Tail::over(segments, upto, options));
        let sealer = Sealer::open(number, Arc::clone(&tail), index, (reader, orders), options)?;
        let thread = std::thread::Builder::new().name(format!("search-sealer-{number}"));
        let thread = thread.spawn(move || sealer.run()).map_err(Error::io("search sealer thread"))?;
        Ok((Arc::clone(&tail), Disk { tail, sealer: Some(thread) }))
    }
}

impl Drop for Disk {
    /// Seals what is left and ends the sealer.
    fn drop(&mut self) {
        self.tail.stop();
        if let Some(sealer) = self.sealer.take()
            && sealer.join().is_err()
        {
            tracing::error!("a search sealer has panicked");
        }
    }
}
