//! Reading a shard's segments: documents come in the default order, so a page is a seek and a few steps.

use super::identity;
use super::index::order::DocumentOrder;
use super::index::schema::{KEY, LAST_UPDATED, PARTITION, VERSION};
use super::index::translate::{Counting, how_to_count, translate};
use super::segments::Segments;
use super::tail::View;
use crate::error::{Error, Result};
use crate::page::{Best, Hit};
use crate::query::Query;
use crate::set::PartitionSet;
use crate::start::Start;
use crate::tally::Tally;
use crate::work::Looked;
use proto::id::{PartitionId, ResourceKey, TenantId};
use std::cell::Cell;
use tantivy::columnar::{BytesColumn, Column};
use tantivy::query::{EnableScoring, Scorer, Weight};
use tantivy::{DocId, DocSet, SegmentReader, TERMINATED};

/// The columns of a segment that every search reads.
pub struct Segment<'a> {
    pub reader: &'a SegmentReader,
    view: &'a View,
    shard: usize,
    pub order: DocumentOrder,
    keys: BytesColumn,
    /// Documents of these partitions alone, and where each document's is told.
    only: Option<(&'a PartitionSet, Column<u64>)>,
    /// No tail hides anything.
    is_sealed: bool,
    /// Documents that were looked at.
    looked: Cell<u64>,
}

/// The shortest piece that is gone through where pages go back, in documents.
const PIECE_MIN: u32 = 256;

/// What is wanted of the segments of a shard.
pub struct Wanted<'a> {
    pub query: &'a Query,
    /// `None`: of all partitions.
    pub only: Option<&'a PartitionSet>,
    /// Where hits are wanted from, and which way.
    pub start: Option<&'a Start>,
    /// How many of them.
    pub limit: usize,
    /// Counts the matches.
    pub tally: &'a Tally,
}

impl Wanted<'_> {
    /// Whether those before a place are wanted, the last of them.
    pub fn is_back(&self) -> bool {
        self.start.is_some_and(|start| start.is_back)
    }
}

/// Adds the wanted matches of shard number `shard`, whose segments these are, and returns the number of all matches if it
/// is wanted.
pub fn collect(
    segments: &Segments,
    view: &View,
    shard: usize,
    wanted: &Wanted<'_>,
    best: &mut Best,
) -> Result<()> {
    let how = wanted.tally.is_of_all().then(|| how_to_count(&wanted.query.expr));
    each(segments, view, shard, wanted, |segment, weight| {
        if wanted.limit > 0 {
            match wanted.start {
                Some(start) if start.is_back => segment.page_back(weight, start, wanted.limit, best)?,
                _ => segment.page(weight, wanted, best)?,
            }
            best.prune();
        }
        if let Some(how) = how {
            wanted.tally.add(segment.count(weight, how)?);
        }
        Ok(())
    })
}

/// Shows `see` the segments.
pub fn each(
    segments: &Segments,
    view: &View,
    shard: usize,
    wanted: &Wanted<'_>,
    mut see: impl FnMut(&Segment<'_>, &dyn Weight) -> Result<()>,
) -> Result<()> {
    let query = translate(wanted.query, &segments.fields);
    let weight = query.weight(EnableScoring::disabled_from_searcher(&segments.searcher))?;
    for reader in segments.searcher.segment_readers() {
        let segment = Segment::open(reader, view, shard, wanted.only)?;
        see(&segment, weight.as_ref())?;
        wanted.query.looked(Looked { segments: 1, documents: segment.looked.get(), ..Looked::default() });
    }
    Ok(())
}

impl<'a> Segment<'a> {
    fn open(
        reader: &'a SegmentReader,
        view: &'a View,
        shard: usize,
        only: Option<&'a PartitionSet>,
    ) -> Result<Self> {
        let order = DocumentOrder::open(reader)?;
        let keys = reader.fast_fields().bytes(KEY)?;
        let keys = keys.ok_or_else(|| Error::Damaged("a segment has no keys".to_owned()))?;
        let partitions = only.map(|_| reader.fast_fields().u64(PARTITION)).transpose()?;
        Ok(Segment {
            reader,
            view,
            shard,
            order,
            keys,
            only: only.zip(partitions),
            is_sealed: view.is_sealed(),
            looked: Cell::new(0),
        })
    }

    /// Whether the document is of a partition that is asked for, and the current state of its row, as far as this snapshot knows.
    #[inline]
    pub fn is_current(&self, doc: DocId) -> Result<bool> {
        self.looked.set(self.looked.get() + 1);
        if self.reader.is_deleted(doc) {
            return Ok(false);
        }
        if let Some((only, partitions)) = &self.only
            && !only.contains(PartitionId(partitions.first(doc).unwrap_or_default() as u16))
        {
            return Ok(false);
        }
        if self.is_sealed {
            return Ok(true);
        }
        let hash = self.order.hash(doc);
        if !self.view.may_hide(self.shard, hash) {
            return Ok(true);
        }
        let (tenant, key) = self.key(doc)?;
        let version = self.reader.fast_fields().u64(VERSION)?.first(doc).unwrap_or_default();
        Ok(!self.view.hides(self.shard, hash, tenant, &key, version))
    }

    /// Of which tenant and row a document is.
    pub fn key(&self, doc: DocId) -> Result<(TenantId, ResourceKey)> {
        let damaged = || Error::Damaged(format!("document {doc} has no readable key"));
        let mut bytes = Vec::with_capacity(96);
        let ord = self.keys.term_ords(doc).next().ok_or_else(damaged)?;
        self.keys.ord_to_bytes(ord, &mut bytes).map_err(tantivy::TantivyError::from)?;
        identity::decode(&bytes).ok_or_else(damaged)
    }

    fn page(&self, weight: &dyn Weight, wanted: &Wanted<'_>, best: &mut Best) -> Result<()> {
        let Wanted { start, limit, tally, .. } = *wanted;
        // All are counted in another way.
        let is_few = tally.is_open() && !tally.is_of_all();
        let mut docs = self.matches(weight)?;
        let mut doc = docs.doc();
        if let Some(start) = start {
            let first = self.order.first_at(start.place.hash, 0);
            if first >= self.reader.max_doc() {
                return Ok(());
            }
            if doc < first {
                doc = docs.seek(first);
            }
        }
        let facts = Facts::open(self.reader)?;
        let (mut found, mut last) = (0, None);
        while doc != TERMINATED {
            if self.is_current(doc)? {
                let hash = self.order.hash(doc);
                // A run of equal hashes is one resource, for a moment at two places, or nearly so: it is taken whole.
                if last != Some(hash) && (found >= limit || !best.wants(hash)) {
                    break;
                }
                let (_, key) = self.key(doc)?;
                let hit = facts.hit(doc, key, hash);
                if start.is_none_or(|start| start.lets(&hit)) {
                    found += usize::from(last != Some(hash));
                    last = Some(hash);
                    best.add(hit);
                }
                if is_few {
                    tally.add(1);
                }
            }
            doc = docs.advance();
        }
        // Those behind the page, from the first on.
        let mut goes_on = is_few && tally.is_open();
        while goes_on && doc != TERMINATED {
            if self.is_current(doc)? {
                goes_on = tally.add_extra();
            }
            doc = docs.advance();
        }
        Ok(())
    }

    /// The last matches before a place. Documents are gone through forwards only: so in ever longer pieces before the place, until one had
    /// enough.
    fn page_back(&self, weight: &dyn Weight, start: &Start, limit: usize, best: &mut Best) -> Result<()> {
        let facts = Facts::open(self.reader)?;
        let mut end = match start.place.hash.checked_add(1) {
            Some(behind) => self.order.first_at(behind, 0),
            None => self.reader.max_doc(),
        };
        let (mut found, mut length) = (0, None);
        while end > 0 && found < limit && best.wants(self.order.hash(end - 1)) {
            let mut docs = self.matches(weight)?;
            let long = length.unwrap_or_else(|| {
                let dense = u64::from(docs.size_hint().max(1));
                let long = 2 * (limit as u64 + 1) * u64::from(self.reader.max_doc()) / dense;
                u32::try_from(long).unwrap_or(u32::MAX).max(PIECE_MIN)
            });
            length = Some(long.saturating_mul(4));
            // A run of equal hashes is one resource, as above: a piece has all of it.
            let begin = self.order.first_at(self.order.hash(end.saturating_sub(long)), 0);
            let mut last = None;
            let mut doc = docs.doc();
            if doc < begin {
                doc = docs.seek(begin);
            }
            while doc < end {
                let hash = self.order.hash(doc);
                if best.wants(hash) && self.is_current(doc)? {
                    let (_, key) = self.key(doc)?;
                    let hit = facts.hit(doc, key, hash);
                    if start.lets(&hit) {
                        found += usize::from(last != Some(hash));
                        last = Some(hash);
                        best.add(hit);
                    }
                }
                doc = docs.advance();
            }
            end = begin;
        }
        Ok(())
    }

    /// The number of matches that are current.
    pub fn count(&self, weight: &dyn Weight, how: Counting) -> Result<u64> {
        if self.is_sealed && how == Counting::Whole && self.only.is_none() {
            return Ok(u64::from(weight.count(self.reader)?));
        }
        self.visit(self.matches(weight)?, |_| Ok(()))
    }

    /// All that match, current or not. For some conditions that is where the work is.
    pub fn matches(&self, weight: &dyn Weight) -> Result<Box<dyn Scorer>> {
        Ok(weight.scorer(self.reader, 1.0)?)
    }

    /// Shows `see` every one of these matches that is current, as they rise, and returns their number.
    pub fn visit(&self, mut docs: Box<dyn Scorer>, mut see: impl FnMut(DocId) -> Result<()>) -> Result<u64> {
        let mut total = 0;
        let mut doc = docs.doc();
        while doc != TERMINATED {
            if self.is_current(doc)? {
                total += 1;
                see(doc)?;
            }
            doc = docs.advance();
        }
        Ok(total)
    }
}

/// The columns a hit is made of.
pub struct Facts {
    partition: Column<u64>,
    version: Column<u64>,
    last_updated: Column<i64>,
}

impl Facts {
    /// Of a segment.
    pub fn open(reader: &SegmentReader) -> Result<Self> {
        let fast = reader.fast_fields();
        Ok(Facts {
            partition: fast.u64(PARTITION)?,
            version: fast.u64(VERSION)?,
            last_updated: fast.i64(LAST_UPDATED)?,
        })
    }

    /// The hit that a document is.
    pub fn hit(&self, doc: DocId, key: ResourceKey, hash: u64) -> Hit {
        Hit {
            partition: PartitionId(self.partition.first(doc).unwrap_or_default() as u16),
            key,
            version: self.version.first(doc).unwrap_or_default(),
            last_updated_ms: self.last_updated.first(doc).unwrap_or_default() as u64,
            hash,
            order: Box::default(),
        }
    }
}
