//! The documents of segments in the order of a column, made when they are first asked for in it, and for each new segment before searches
//! see that while they are asked for: four bytes for each document, up to a bound.

mod rank;

pub use rank::{Rank, best};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use tantivy::columnar::Column;
use tantivy::index::SegmentId;
use tantivy::{DocId, Searcher, SegmentReader};

/// The documents of a segment that have a value.
pub struct Order {
    /// What comes first is first.
    pub docs: Box<[DocId]>,
    /// [`Rank::reach`].
    pub reach: Option<i64>,
}

impl Order {
    fn make(reader: &SegmentReader, rank: &Rank, column: &Column<i64>) -> tantivy::Result<Order> {
        let placed = |doc| Some((rank.place(rank.best(column, doc)?), doc));
        let mut docs: Vec<(i64, DocId)> = (0..reader.max_doc()).filter_map(placed).collect();
        docs.sort_unstable();
        let reach = rank.reach(reader, column)?;
        Ok(Order { docs: docs.into_iter().map(|(_, doc)| doc).collect(), reach })
    }

    fn bytes(&self) -> usize {
        self.docs.len() * size_of::<DocId>()
    }
}

/// Those of one shard.
pub struct Orders {
    /// Smaller segments are gone through.
    pub docs_min: u32,
    bytes_max: usize,
    kept: Mutex<Kept>,
    /// One is made at a time.
    making: Mutex<()>,
}

#[derive(Default)]
struct Kept {
    bytes: usize,
    /// Counts what was asked for.
    asked: u64,
    ranks: FxHashMap<Rank, Of>,
}

/// Of one column and direction.
#[derive(Default)]
struct Of {
    asked: u64,
    segments: FxHashMap<SegmentId, Arc<Order>>,
}

impl Orders {
    /// None yet.
    pub fn new(docs_min: u32, bytes_max: usize) -> Orders {
        Orders { docs_min, bytes_max, kept: Mutex::default(), making: Mutex::default() }
    }

    /// That of a segment, where there is room for it.
    pub fn of(
        &self,
        reader: &SegmentReader,
        rank: &Rank,
        column: &Column<i64>,
    ) -> tantivy::Result<Option<Arc<Order>>> {
        if let Some(order) = self.kept.lock().ask(rank, reader.segment_id()) {
            return Ok(Some(order));
        }
        let _one = self.making.lock();
        if let Some(order) = self.kept.lock().ask(rank, reader.segment_id()) {
            return Ok(Some(order));
        }
        if !self.kept.lock().has_room(reader, rank, self.bytes_max) {
            return Ok(None);
        }
        let order = Arc::new(Order::make(reader, rank, column)?);
        self.kept.lock().keep(rank, reader.segment_id(), order.clone());
        Ok(Some(order))
    }

    /// Makes those of new segments that would be asked for next, and forgets those of segments that are no more.
    pub fn renew(&self, searcher: &Searcher) -> tantivy::Result<()> {
        let readers = searcher.segment_readers();
        let ranks: Vec<Rank> = {
            let mut kept = self.kept.lock();
            kept.retain(|segment| readers.iter().any(|reader| reader.segment_id() == segment));
            kept.ranks.keys().cloned().collect()
        };
        for reader in readers.iter().filter(|reader| reader.max_doc() >= self.docs_min) {
            for rank in &ranks {
                if let Some(column) = rank.open(reader)? {
                    self.of(reader, rank, &column)?;
                }
            }
        }
        Ok(())
    }
}

impl Kept {
    fn ask(&mut self, rank: &Rank, segment: SegmentId) -> Option<Arc<Order>> {
        self.asked += 1;
        let of = self.ranks.get_mut(rank)?;
        of.asked = self.asked;
        of.segments.get(&segment).cloned()
    }

    /// Whether the order of a segment would fit, once others that were not asked for lately are gone.
    fn has_room(&mut self, reader: &SegmentReader, rank: &Rank, bytes_max: usize) -> bool {
        let bytes = reader.max_doc() as usize * size_of::<DocId>();
        while self.bytes + bytes > bytes_max {
            let others = self.ranks.iter().filter(|(other, _)| *other != rank);
            let Some(oldest) = others.min_by_key(|(_, of)| of.asked).map(|(rank, _)| rank.clone()) else {
                return false;
            };
            let gone = self.ranks.remove(&oldest).into_iter().flat_map(|of| of.segments.into_values());
            self.bytes -= gone.map(|order| order.bytes()).sum::<usize>();
        }
        true
    }

    fn keep(&mut self, rank: &Rank, segment: SegmentId, order: Arc<Order>) {
        self.bytes += order.bytes();
        let asked = self.asked;
        let of = self.ranks.entry(rank.clone()).or_default();
        of.asked = asked;
        of.segments.insert(segment, order);
    }

    fn retain(&mut self, is_here: impl Fn(SegmentId) -> bool) {
        for of in self.ranks.values_mut() {
            of.segments.retain(|segment, order| {
                let stays = is_here(*segment);
                self.bytes -= if stays { 0 } else { order.bytes() };
                stays
            });
        }
    }
}
