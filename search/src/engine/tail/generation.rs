//! A run of the tail: what was applied since the run before it was handed to the sealer.
//!
//! One publisher at a time appends (under the shard's lock); any number of searches read without a lock, each the prefix
//! that was there when it began.

use super::filter::Filter;
use super::forget::Of;
use super::sieve::{Sieve, Signature};
use bytes::Bytes;
use fhir::index::Values;
use hashbrown::HashTable;
use parking_lot::Mutex;
use proto::id::{PartitionId, ResourceKey, TenantId};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

const BLOCK: usize = 256;
const NEVER: u32 = u32::MAX;
/// What an entry takes besides its index values: itself, its signature, its place.
const ENTRY_BYTES: usize = size_of::<Entry>() + size_of::<Signature>() + size_of::<(u64, u32, u32)>();

/// One change of one row.
#[derive(Debug)]
pub struct Entry {
    pub tenant: TenantId,
    pub partition: PartitionId,
    pub key: ResourceKey,
    /// [`crate::page::sort_hash`] of the resource.
    pub hash: u64,
    pub version: u64,
    pub last_updated_ms: u64,
    /// The encoded index values; `None` for a delete, which only hides.
    pub values: Option<Bytes>,
    /// What the index values have at most.
    pub signature: Signature,
    /// No document of this key can be in the index yet.
    pub first: bool,
    /// The place of the entry that replaces this one.
    replaced_at: AtomicU32,
}

impl Entry {
    /// An entry that nothing replaces yet.
    pub fn new(partition: PartitionId, change: &storage::Change, hash: u64, first: bool) -> Self {
        let values = match &change.kind {
            // A copy, for a slice would keep the whole log entry in memory, body and all.
            storage::ChangeKind::Put { index_values } | storage::ChangeKind::Reindex { index_values } => {
                Some(Bytes::copy_from_slice(index_values))
            }
            storage::ChangeKind::Delete | storage::ChangeKind::Evict => None,
        };
        let signature = values.as_deref().map(|bytes| Signature::of(&Values::trusted(bytes)));
        Entry {
            signature: signature.unwrap_or_default(),
            tenant: change.tenant,
            partition,
            key: change.key,
            hash,
            version: change.version,
            last_updated_ms: change.last_updated_ms,
            values,
            first,
            replaced_at: AtomicU32::new(NEVER),
        }
    }

    /// The entry once more, that nothing replaces yet.
    fn again(&self) -> Entry {
        Entry { values: self.values.clone(), replaced_at: AtomicU32::new(NEVER), ..*self }
    }

    /// Whether it is a state of the same resource at another place, newer than `version`.
    fn outdates(&self, tenant: TenantId, key: &ResourceKey, version: u64) -> bool {
        self.values.is_some()
            && self.version > version
            && self.tenant == tenant
            && (self.key.type_code, self.key.id) == (key.type_code, key.id)
            && self.key.compartment != key.compartment
    }

    fn is(&self, tenant: TenantId, key: &ResourceKey) -> bool {
        self.tenant == tenant && self.key == *key
    }
}

/// Signatures stand by themselves: a search reads all of them, and few of the entries.
struct Block {
    signatures: Box<[[AtomicU64; 4]]>,
    entries: Box<[OnceLock<Entry>]>,
}

impl Block {
    fn new() -> Self {
        Block {
            signatures: (0..BLOCK).map(|_| Default::default()).collect(),
            entries: (0..BLOCK).map(|_| OnceLock::new()).collect(),
        }
    }
}

/// The run.
pub struct Generation {
    blocks: Box<[OnceLock<Block>]>,
    filter: Filter,
    /// The rows that may have come from another compartment: all but first versions.
    moves: Filter,
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct Writer {
    len: u32,
    bytes: usize,
    /// Per row: its hash, first and latest place.
    places: HashTable<(u64, u32, u32)>,
}

impl Generation {
    /// An empty run for at most `capacity` entries.
    pub fn new(capacity: usize) -> Self {
        Generation {
            blocks: (0..capacity.div_ceil(BLOCK)).map(|_| OnceLock::new()).collect(),
            filter: Filter::new(capacity),
            moves: Filter::new(capacity),
            writer: Mutex::default(),
        }
    }

    /// The same entries in the same order, with room for `more`, and for as many again as there are then.
    pub fn enlarged(&self, more: usize) -> Generation {
        let larger = Generation::new(2 * (self.len() + more));
        self.copy(&larger, |_| true);
        larger
    }

    /// All entries but those of a partition or a tenant, with as much room.
    pub fn without(&self, of: Of) -> Generation {
        let rest = Generation::new(self.capacity());
        self.copy(&rest, |entry| of != Of::Partition(entry.partition) && of != Of::Tenant(entry.tenant));
        rest
    }

    fn copy(&self, to: &Generation, wanted: impl Fn(&Entry) -> bool) {
        let len = self.writer.lock().len;
        let entries = (0..len).map(|place| self.at(place));
        entries.filter(|entry| wanted(entry)).for_each(|entry| to.push(entry.again()));
    }

    /// How many entries fit.
    pub fn capacity(&self) -> usize {
        self.blocks.len() * BLOCK
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.writer.lock().len as usize
    }

    /// Bytes of memory its entries take.
    pub fn bytes(&self) -> usize {
        self.writer.lock().bytes
    }

    /// Appends. The caller has made sure of room.
    pub fn push(&self, entry: Entry) {
        let mut writer = self.writer.lock();
        let place = writer.len;
        let (hash, tenant, key) = (entry.hash, entry.tenant, entry.key);
        let may_have_moved = entry.values.is_some() && entry.version > 1;
        writer.bytes += ENTRY_BYTES + entry.values.as_ref().map_or(0, Bytes::len);
        writer.len += 1;
        let block = self.blocks[place as usize / BLOCK].get_or_init(Block::new);
        // Readers know of the place by the lock that `len` was read under.
        let signature = &block.signatures[place as usize % BLOCK];
        signature.iter().zip(entry.signature.0).for_each(|(word, bits)| word.store(bits, Ordering::Relaxed));
        assert!(block.entries[place as usize % BLOCK].set(entry).is_ok(), "a place is written once");
        self.filter.insert(hash);
        if may_have_moved {
            self.moves.insert(hash);
        }
        let same = |seen: &(u64, u32, u32)| seen.0 == hash && self.at(seen.2).is(tenant, &key);
        if let Some(seen) = writer.places.find_mut(hash, same) {
            self.at(seen.2).replaced_at.store(place, Ordering::Release);
            seen.2 = place;
        } else {
            writer.places.insert_unique(hash, (hash, place, place), |seen| seen.0);
        }
    }

    fn at(&self, place: u32) -> &Entry {
        let block = self.blocks[place as usize / BLOCK].get().expect("written before it is named");
        block.entries[place as usize % BLOCK].get().expect("written before it is named")
    }

    /// The entries of the first `len` that none of the first `len` replaces and whose signature the sieve lets pass.
    pub fn newest(&self, len: usize, sieve: &Sieve) -> impl Iterator<Item = &Entry> {
        let len = u32::try_from(len).expect("a run is bounded");
        let blocks = self.blocks.iter().map_while(OnceLock::get).flat_map(|block| block.signatures.iter());
        let passes = move |(_, words): &(u32, &[AtomicU64; 4])| {
            sieve.lets_pass(&Signature(std::array::from_fn(|word| words[word].load(Ordering::Relaxed))))
        };
        (0..len)
            .zip(blocks)
            .filter(passes)
            .map(|(place, _)| self.at(place))
            .filter(move |entry| entry.replaced_at.load(Ordering::Acquire) >= len)
    }

    /// Whether one of the first `len` entries may be of a row with that hash: cheap, never wrong on a no.
    #[inline]
    pub fn may_hide(&self, hash: u64) -> bool {
        self.filter.may_contain(hash)
    }

    /// Whether one of the first `len` entries is of that row.
    pub fn hides(&self, len: usize, hash: u64, tenant: TenantId, key: &ResourceKey) -> bool {
        let writer = self.writer.lock();
        let same = |seen: &(u64, u32, u32)| seen.0 == hash && self.at(seen.2).is(tenant, key);
        writer.places.find(hash, same).is_some_and(|seen| (seen.1 as usize) < len)
    }

    /// Whether one of the first `len` entries may be of a resource with that hash that came from elsewhere.
    #[inline]
    pub fn may_outdate(&self, hash: u64) -> bool {
        self.moves.may_contain(hash)
    }

    /// Whether one of the first `len` entries is a newer state of that resource, in another compartment.
    pub fn outdates(&self, len: usize, hash: u64, tenant: TenantId, key: &ResourceKey, version: u64) -> bool {
        let writer = self.writer.lock();
        let newer = |&place: &u32| (place as usize) < len && self.at(place).outdates(tenant, key, version);
        writer.places.iter_hash(hash).any(|seen| seen.0 == hash && [seen.1, seen.2].iter().any(newer))
    }
}
