//! All documents of some keys, found by the order of the segment: a key needs no term of its own (decisions/0006).

use super::order::DocumentOrder;
use super::schema::KEY;
use crate::engine::identity;
use crate::page::sort_hash;
use proto::id::{ResourceKey, TenantId, TypeCode};
use std::sync::Arc;
use tantivy::query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError};

/// The query.
#[derive(Clone, Debug)]
pub struct ByKey {
    /// By hash.
    keys: Arc<[Wanted]>,
}

/// Documents that are wanted: those of one row, or of all places of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// [`crate::page::sort_hash`] of the resource.
    hash: u64,
    /// [`crate::engine::identity`], or a prefix of it.
    key: Vec<u8>,
    /// Whether it is the whole key.
    whole: bool,
}

impl Wanted {
    /// A row; `hash` is its resource's.
    pub fn row(tenant: TenantId, row: &ResourceKey, hash: u64) -> Self {
        let mut key = Vec::with_capacity(identity::GUESSED);
        identity::encode(tenant, row, &mut key);
        Wanted { hash, key, whole: true }
    }

    /// All places of a resource.
    pub fn resource(tenant: TenantId, type_code: TypeCode, id: &str) -> Self {
        let mut key = Vec::with_capacity(identity::GUESSED);
        identity::prefix(tenant, type_code, id, &mut key);
        Wanted { hash: sort_hash(tenant, type_code, id), key, whole: false }
    }

    fn is(&self, key: &[u8]) -> bool {
        if self.whole { key == self.key } else { key.starts_with(&self.key) }
    }
}

impl ByKey {
    /// Documents of any of them.
    pub fn any(mut keys: Vec<Wanted>) -> Self {
        keys.sort_unstable();
        ByKey { keys: keys.into() }
    }

    /// The documents of a segment, which rise.
    fn docs(&self, reader: &SegmentReader) -> tantivy::Result<Vec<DocId>> {
        let Some(names) = reader.fast_fields().bytes(KEY)? else { return Ok(vec![]) };
        let order = DocumentOrder::open(reader)?;
        let (mut found, mut name, mut from) = (vec![], Vec::with_capacity(identity::GUESSED), 0);
        for keys in self.keys.chunk_by(|one, next| one.hash == next.hash) {
            from = order.first_at(keys[0].hash, from);
            for doc in order.run(keys[0].hash, from) {
                let Some(ord) = names.term_ords(doc).next() else { continue };
                name.clear();
                names.ord_to_bytes(ord, &mut name)?;
                if keys.iter().any(|key| key.is(&name)) {
                    found.push(doc);
                }
            }
        }
        Ok(found)
    }
}

impl Query for ByKey {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for ByKey {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let docs = self.docs(reader)?;
        Ok(match docs.is_empty() {
            true => Box::new(EmptyScorer),
            false => Box::new(ConstScorer::new(Found { docs, at: 0 }, boost)),
        })
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        match self.scorer(reader, 1.0)?.seek(doc) == doc {
            true => Ok(Explanation::new("ByKey", 1.0)),
            false => Err(TantivyError::InvalidArgument(format!("document {doc} does not match"))),
        }
    }
}

/// Documents that were found, in order.
struct Found {
    docs: Vec<DocId>,
    at: usize,
}

impl DocSet for Found {
    fn advance(&mut self) -> DocId {
        self.at += 1;
        self.doc()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let rest = self.docs.get(self.at..).unwrap_or_default();
        self.at += rest.partition_point(|&doc| doc < target);
        self.doc()
    }

    fn doc(&self) -> DocId {
        self.docs.get(self.at).copied().unwrap_or(TERMINATED)
    }

    fn size_hint(&self) -> u32 {
        self.docs.len() as u32
    }
}
