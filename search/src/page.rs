//! What a search answers, and the order it answers in.

use proto::id::{PartitionId, ResourceId, ResourceKey, TenantId, TypeCode};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use xxhash_rust::xxh3::xxh3_64;

/// The default order: by hash of tenant, type and id, then type and id. It never changes while a resource lives, so
/// paging loses and repeats nothing while others write; and it spreads evenly, so that segments stay sorted cheaply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    /// [`crate::sort::Sort`]'s; empty in the default order.
    pub order: Box<[u8]>,
    /// [`sort_hash`].
    pub hash: u64,
    /// Where hashes are equal.
    pub type_code: TypeCode,
    /// Where types are equal, too.
    pub id: ResourceId,
}

impl SortKey {
    /// The place of a resource.
    pub fn of(tenant: TenantId, type_code: TypeCode, id: ResourceId) -> Self {
        let hash = sort_hash(tenant, type_code, id.as_str());
        SortKey { order: Box::default(), hash, type_code, id }
    }
}

/// `xxh3_64(tenant u32 BE ‖ type code u16 BE ‖ id)`. Cursors carry it: changing it makes them invalid.
pub fn sort_hash(tenant: TenantId, type_code: TypeCode, id: &str) -> u64 {
    let mut bytes = [0_u8; 6 + ResourceId::LEN_MAX];
    bytes[..4].copy_from_slice(&tenant.0.to_be_bytes());
    bytes[4..6].copy_from_slice(&type_code.0.to_be_bytes());
    bytes[6..6 + id.len()].copy_from_slice(id.as_bytes());
    xxh3_64(&bytes[..6 + id.len()])
}

/// A match: a hint to be rechecked against the current row before its body is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where the row is.
    pub partition: PartitionId,
    /// The row's key.
    pub key: ResourceKey,
    /// The version that matched; the row may have a newer one by now.
    pub version: u64,
    /// Milliseconds since the epoch.
    pub last_updated_ms: u64,
    pub(crate) hash: u64,
    /// [`crate::sort::Sort`]'s key; empty in the default order.
    pub(crate) order: Box<[u8]>,
}

impl Hit {
    /// Its place among all hits.
    pub fn place(&self) -> SortKey {
        SortKey { order: self.order.clone(), hash: self.hash, type_code: self.key.type_code, id: self.key.id }
    }

    /// The order of places.
    #[inline]
    pub(crate) fn cmp_place(&self, other: &Hit) -> Ordering {
        self.cmp_to(&other.order, other.hash, other.key.type_code, &other.key.id)
    }

    /// Where it is, seen from a place.
    pub(crate) fn cmp_to_place(&self, place: &SortKey) -> Ordering {
        self.cmp_to(&place.order, place.hash, place.type_code, &place.id)
    }

    /// Nearly all are told apart by their hashes: what is not needed for that is not looked at.
    #[inline]
    fn cmp_to(&self, order: &[u8], hash: u64, type_code: TypeCode, id: &ResourceId) -> Ordering {
        let orders = match self.order.is_empty() && order.is_empty() {
            true => Ordering::Equal,
            false => (*self.order).cmp(order),
        };
        let hashes = orders.then_with(|| self.hash.cmp(&hash));
        hashes.then_with(|| self.key.type_code.cmp(&type_code)).then_with(|| self.key.id.cmp(id))
    }
}

/// One page of matches, in the default order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// At most as many as the query's page size.
    pub hits: Vec<Hit>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
    /// The cursor of the page before; `None` on the first one, or where it was found to be the first.
    pub previous: Option<String>,
    /// All matches, where the query asks for the number. Exact.
    pub total: Option<u64>,
}

/// Sorts, drops what is seen twice (a resource on its way between compartments is indexed at both for a moment; the
/// newer version stays) and keeps the first `count`, or the last where pages go back. Whether anything was cut off.
pub(crate) fn cut(hits: &mut Vec<Hit>, count: usize, is_back: bool) -> bool {
    hits.sort_by(|a, b| a.cmp_place(b).then(b.version.cmp(&a.version)));
    hits.dedup_by(|next, kept| next.cmp_place(kept).is_eq());
    let over = hits.len().saturating_sub(count);
    match is_back {
        true => drop(hits.drain(..over)),
        false => hits.truncate(count),
    }
    over > 0
}

/// The first places among all hits that are offered, or the last where pages go back; the others are forgotten on the way.
pub(crate) struct Best {
    limit: usize,
    is_back: bool,
    hits: Vec<Hit>,
    /// No hash above it is wanted any more; where pages go back, none below it.
    bound: u64,
}

impl Best {
    /// Keeps at least the first `limit` different resources; of one that is offered twice the newer version.
    pub fn new(limit: usize, is_back: bool) -> Self {
        Best { limit, is_back, hits: Vec::new(), bound: if is_back { 0 } else { u64::MAX } }
    }

    /// Whether a hit with that hash may be among the first.
    #[inline]
    pub fn wants(&self, hash: u64) -> bool {
        self.limit > 0 && if self.is_back { hash >= self.bound } else { hash <= self.bound }
    }

    /// Adds a hit that is wanted.
    pub fn add(&mut self, hit: Hit) {
        self.hits.push(hit);
        if self.hits.len() >= self.limit.saturating_mul(2).saturating_add(64) {
            self.prune();
        }
    }

    /// The hits, sorted.
    pub fn into_hits(mut self) -> Vec<Hit> {
        self.prune();
        self.hits
    }

    /// Forgets what is too far behind, as far as it is known yet.
    pub fn prune(&mut self) {
        cut(&mut self.hits, self.limit, self.is_back);
        if self.hits.len() >= self.limit {
            let worst = if self.is_back { self.hits.first() } else { self.hits.last() };
            self.bound = worst.map_or(self.bound, |worst| worst.hash);
        }
    }
}

/// The first places in an order that was asked for, or the last where pages go back, among all hits that are offered.
pub(crate) struct First {
    limit: usize,
    is_back: bool,
    hits: BinaryHeap<ByPlace>,
}

/// The last place is the greatest; where pages go back, the first is.
struct ByPlace {
    hit: Hit,
    is_back: bool,
}

/// Of a resource that is seen twice, on its way between compartments, one goes: room for those.
const TWICE: usize = 64;

impl First {
    /// Keeps the first `limit`, and some more.
    pub fn new(limit: usize, is_back: bool) -> Self {
        let limit = if limit == 0 { 0 } else { limit.saturating_add(TWICE) };
        First { limit, is_back, hits: BinaryHeap::new() }
    }

    /// Whether a hit with that key may be among the first.
    #[inline]
    pub fn wants(&self, order: &[u8], hash: u64) -> bool {
        if self.hits.len() < self.limit {
            return true;
        }
        self.hits.peek().is_some_and(|ByPlace { hit: worst, is_back }| {
            let found = (order, hash).cmp(&(&*worst.order, worst.hash));
            if *is_back { found.is_ge() } else { found.is_le() }
        })
    }

    /// Whether a hit whose key starts so may be among the first.
    #[inline]
    pub fn may_want(&self, start: &[u8]) -> bool {
        if self.hits.len() < self.limit {
            return true;
        }
        self.hits.peek().is_some_and(|ByPlace { hit: worst, is_back }| {
            let found = start.cmp(&worst.order[..start.len().min(worst.order.len())]);
            if *is_back { found.is_ge() } else { found.is_le() }
        })
    }

    /// Adds a hit that is wanted.
    pub fn add(&mut self, hit: Hit) {
        self.hits.push(ByPlace { hit, is_back: self.is_back });
        if self.hits.len() > self.limit {
            self.hits.pop();
        }
    }

    /// The hits, sorted, each resource once.
    pub fn into_hits(self) -> Vec<Hit> {
        let mut hits: Vec<Hit> = self.hits.into_iter().map(|one| one.hit).collect();
        let resource = |hit: &Hit| (hit.hash, hit.key.type_code, hit.key.id);
        hits.sort_by(|a, b| resource(a).cmp(&resource(b)).then(b.version.cmp(&a.version)));
        hits.dedup_by(|next, kept| resource(next) == resource(kept));
        hits.sort_by(Hit::cmp_place);
        hits
    }
}

impl Ord for ByPlace {
    fn cmp(&self, other: &Self) -> Ordering {
        let places = self.hit.cmp_place(&other.hit);
        if self.is_back { places.reverse() } else { places }
    }
}

impl PartialOrd for ByPlace {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByPlace {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ByPlace {}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::id::CompartmentKey;

    #[test]
    fn best_keeps_the_first_and_the_newest() {
        let tenant = TenantId(1);
        let hit = |i: usize, version: u64| {
            let id = ResourceId::parse(&format!("r{i}")).unwrap();
            let key = CompartmentKey::of(tenant, TypeCode(3), id).own();
            let hash = sort_hash(tenant, TypeCode(3), id.as_str());
            Hit { partition: PartitionId(1), key, version, last_updated_ms: 0, hash, order: Box::default() }
        };
        let all: Vec<Hit> = (0..1000).map(|i| hit(i, 2)).collect();
        for is_back in [false, true] {
            let mut best = Best::new(7, is_back);
            for one in (0..1000).flat_map(|i| [hit(i, 1), hit(i, 2)]) {
                if best.wants(one.hash) {
                    best.add(one);
                }
            }
            let mut wanted = all.clone();
            assert!(cut(&mut wanted, 7, is_back));
            assert_eq!(best.into_hits(), wanted);
            assert!(!Best::new(0, is_back).wants(0));
        }
    }
}
