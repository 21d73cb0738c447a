//! A bitmap over hashes: "surely not here" in one load.

use std::sync::atomic::{AtomicU64, Ordering};

/// At most about 3 % of foreign hashes pass when it is full.
pub struct Filter {
    words: Box<[AtomicU64]>,
}

impl Filter {
    /// For `capacity` hashes: 32 bits each.
    pub fn new(capacity: usize) -> Self {
        let words = (capacity / 2).next_power_of_two().max(16);
        Filter { words: (0..words).map(|_| AtomicU64::new(0)).collect() }
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let word = (hash >> 6) as usize & (self.words.len() - 1);
        (word, 1 << (hash & 63))
    }

    /// Adds a hash.
    pub fn insert(&self, hash: u64) {
        let (word, bit) = self.place(hash);
        self.words[word].fetch_or(bit, Ordering::Release);
    }

    /// False: the hash was never added.
    #[inline]
    pub fn may_contain(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.words[word].load(Ordering::Acquire) & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    #[test]
    fn holds_what_was_added_and_little_else() {
        let filter = Filter::new(10_000);
        let hash = |i: u64| xxh3_64(&i.to_be_bytes());
        (0..10_000).for_each(|i| filter.insert(hash(i)));
        assert!((0..10_000).all(|i| filter.may_contain(hash(i))));
        let wrong = (10_000..110_000).filter(|&i| filter.may_contain(hash(i))).count();
        assert!(wrong < 5_000, "{wrong}");
    }
}
