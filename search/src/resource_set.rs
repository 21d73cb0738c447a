//! Sets of resources, by their hashes: what joins hold, and hand to other nodes, costs twelve bytes for each.
//!
//! Two resources of one hash are taken for one. Of ten million ids two have the same in one of 370,000 stores.

use crate::page::sort_hash;
use proto::id::{TenantId, TypeCode};

/// The set. The hashes say the tenant and the type, too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceSet {
    /// They rise, each once.
    hashes: Box<[u64]>,
    /// Where those begin whose upper bits are these, and behind the last one the end.
    starts: Box<[u32]>,
    /// How many lower bits there are.
    lower: u32,
}

impl ResourceSet {
    /// Of hashes in any order, [`crate::page::sort_hash`] of each resource.
    pub fn new(mut hashes: Vec<u64>) -> Self {
        each_once(&mut hashes);
        // As many runs as there are hashes, about; one at least.
        let upper = (hashes.len().max(2).ilog2()).min(24);
        let lower = u64::BITS - upper;
        let mut starts = Vec::with_capacity((1 << upper) + 1);
        for (at, hash) in hashes.iter().enumerate() {
            let run = (hash >> lower) as usize;
            while starts.len() <= run {
                starts.push(at as u32);
            }
        }
        starts.resize((1 << upper) + 1, hashes.len() as u32);
        ResourceSet { hashes: hashes.into(), starts: starts.into(), lower }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The hashes, which rise.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Whether the resource of that hash is one of them.
    #[inline]
    pub fn contains(&self, hash: u64) -> bool {
        if self.hashes.is_empty() {
            return false;
        }
        let run = (hash >> self.lower) as usize;
        let run = &self.hashes[self.starts[run] as usize..self.starts[run + 1] as usize];
        // Nearly always there are one or two; whoever makes up ids can have more.
        if run.len() <= 8 { run.contains(&hash) } else { run.binary_search(&hash).is_ok() }
    }

    /// Whether a resource is one of them.
    #[inline]
    pub fn has(&self, tenant: TenantId, type_code: TypeCode, id: &str) -> bool {
        self.contains(sort_hash(tenant, type_code, id))
    }

    /// The place of the first that is not below `hash`; how many there are if there is none.
    pub fn first_at(&self, hash: u64) -> usize {
        if self.hashes.is_empty() {
            return 0;
        }
        let run = (hash >> self.lower) as usize;
        let (from, to) = (self.starts[run] as usize, self.starts[run + 1] as usize);
        from + self.hashes[from..to].partition_point(|one| *one < hash)
    }
}

/// Sorts, and drops what is there twice.
pub(crate) fn each_once(hashes: &mut Vec<u64>) {
    hashes.sort_unstable();
    hashes.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_has_what_it_was_made_of(
            spread in prop::collection::vec(any::<u64>(), 0..300),
            close in prop::collection::vec(0_u64..40, 0..40),
            asked in prop::collection::vec(any::<u64>(), 0..20),
        ) {
            let all: Vec<u64> = spread.iter().chain(&close).copied().chain([u64::MAX]).skip(spread.len() % 2).collect();
            let naive: BTreeSet<u64> = all.iter().copied().collect();
            let set = ResourceSet::new(all);
            prop_assert!(set.hashes().iter().eq(&naive));
            for hash in asked.iter().chain(&naive).copied().chain([0, 41, u64::MAX]) {
                prop_assert_eq!(set.contains(hash), naive.contains(&hash));
                prop_assert_eq!(set.first_at(hash), naive.range(..hash).count());
            }
        }
    }

    #[test]
    fn an_empty_one_has_nothing() {
        for set in [ResourceSet::default(), ResourceSet::new(vec![])] {
            assert!(set.is_empty() && !set.contains(0) && !set.contains(u64::MAX) && set.first_at(7) == 0);
        }
    }
}
