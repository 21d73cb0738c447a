//! Stored resources, parsed: the ones used last.

use fhir::json::Document;
use proto::{ResourceKey, TenantId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

type Key = (TenantId, ResourceKey, u64);

/// Documents by tenant, key and row version, up to a number of bytes. As long as one is kept, the same is given again:
/// who compiled something from it sees that it has not changed.
#[derive(Default)]
pub struct Documents {
    kept: FxHashMap<Key, Kept>,
    bytes: usize,
    bytes_max: usize,
    clock: u64,
}

struct Kept {
    document: Arc<Document>,
    bytes: usize,
    used: u64,
}

impl Documents {
    /// At most `bytes_max`, but always the last one.
    pub fn new(bytes_max: usize) -> Self {
        Documents { bytes_max, ..Documents::default() }
    }

    pub fn get(&mut self, key: &Key) -> Option<Arc<Document>> {
        self.clock += 1;
        let kept = self.kept.get_mut(key)?;
        kept.used = self.clock;
        Some(kept.document.clone())
    }

    /// Keeps `document`, or gives the one that came first.
    pub fn put(&mut self, key: Key, document: Document) -> Arc<Document> {
        if let Some(first) = self.get(&key) {
            return first;
        }
        let bytes = document.memory_bytes();
        while self.bytes + bytes > self.bytes_max && !self.kept.is_empty() {
            self.drop_oldest();
        }
        let document = Arc::new(document);
        self.bytes += bytes;
        self.kept.insert(key, Kept { document: document.clone(), bytes, used: self.clock });
        document
    }

    /// Looks at all: parsing what comes in costs more.
    fn drop_oldest(&mut self) {
        let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| *key);
        if let Some(kept) = oldest.and_then(|key| self.kept.remove(&key)) {
            self.bytes -= kept.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{CompartmentKey, ResourceId, TypeCode};

    #[test]
    fn the_ones_used_last_stay() {
        let key = |version| {
            let id = ResourceId::parse("a").unwrap();
            (TenantId::DEFAULT, CompartmentKey::of(TenantId::DEFAULT, TypeCode(1), id).own(), version)
        };
        let document = || Document::parse(r#"{"a":1}"#, &Default::default()).unwrap();
        let size = document().memory_bytes();
        let mut documents = Documents::new(2 * size);
        let first = documents.put(key(1), document());
        assert!(Arc::ptr_eq(&first, &documents.put(key(1), document())));
        documents.put(key(2), document());
        assert!(documents.get(&key(1)).is_some());
        documents.put(key(3), document());
        assert!(documents.get(&key(1)).is_some() && documents.get(&key(3)).is_some());
        assert!(documents.get(&key(2)).is_none());
        assert_eq!(documents.bytes, 2 * size);
    }
}
