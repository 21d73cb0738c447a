//! Which part of the process's memory is whose.

/// Code, definitions, stacks of threads, connections: there before the first request. Measured at rest.
const PROCESS: u64 = 96 << 20;
/// Runs of the search tail in a shard: one that grows and one that is sealed.
const RUNS: u64 = 2;

const MIB: u64 = 1 << 20;

/// The memory of each part, bytes. Together with [`PROCESS`] and the allocator's slack they make up the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// `limits.requests_bytes_max`
    pub requests: u64,
    /// `storage.block_cache_bytes`
    pub block_cache: u64,
    /// `storage.memtables_bytes`
    pub memtables: u64,
    /// `storage.memtable_bytes`
    pub memtable: u64,
    /// `search.tail_bytes_max`, of each run
    pub tail: u64,
    /// `search.writer_bytes`, of each shard
    pub writer: u64,
    /// `search.order_bytes_max`
    pub order: u64,
    /// `raft.proposal_bytes_max`
    pub proposals: u64,
    /// `log.recent_bytes`
    pub log_recent: u64,
    /// `conformance.cache_bytes`
    pub conformance: u64,
}

/// Splits `total` bytes for a node with `shards` of search. Each part has a floor below which nothing works; a total too
/// small for the floors is exceeded. What grows with the data, the block cache, gets what the others leave.
pub fn split(total: u64, shards: u64) -> Parts {
    let left = total.saturating_sub(PROCESS.min(total / 2));
    let shards = shards.max(1);
    let percent = |share: u64, least: u64, most: u64| (left / 100 * share).clamp(least * MIB, most * MIB);
    let memtables = percent(10, 16, 256);
    let parts = Parts {
        requests: percent(25, 16, 1024),
        block_cache: 0,
        memtables,
        memtable: (memtables / 4).clamp(4 * MIB, 64 * MIB),
        tail: (percent(8, 8, 256) / (shards * RUNS)).clamp(2 * MIB, 64 * MIB),
        writer: (percent(8, 15, 1024) / shards).clamp(15 * MIB, 20 * MIB),
        order: percent(2, 4, 1024),
        proposals: percent(5, 8, 256),
        log_recent: percent(4, 4, 32),
        conformance: percent(4, 4, 64),
    };
    // What the allocator keeps between the pieces.
    let slack = left / 10;
    let rest = left.saturating_sub(parts.sum(shards) + slack);
    // Compressed blocks in the page cache of the machine serve the rest as well.
    Parts { block_cache: rest.clamp(8 * MIB, (total / 2).max(8 * MIB)), ..parts }
}

impl Parts {
    /// All of them together, bytes.
    pub fn sum(&self, shards: u64) -> u64 {
        let once = [
            self.requests,
            self.block_cache,
            self.memtables,
            self.order,
            self.proposals,
            self.log_recent,
            self.conformance,
        ];
        once.iter().sum::<u64>() + shards * (RUNS * self.tail + self.writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024 * MIB;

    #[test]
    fn the_smallest_container_has_room_for_every_part() {
        let total = super::super::Limit::Container(512 * MIB).budget();
        let parts = split(total, 2);
        assert!(PROCESS + parts.sum(2) + total / 20 <= total, "{parts:?}");
        assert!(parts.block_cache >= 64 * MIB, "a patient's page comes from it: {parts:?}");
        assert!(
            parts.requests >= 64 * MIB && parts.memtables >= 32 * MIB && parts.tail >= 6 * MIB,
            "{parts:?}"
        );
    }

    #[test]
    fn larger_ones_cache_what_they_have() {
        let parts = split(4 * GIB, 2);
        assert!(parts.block_cache >= 3 * GIB / 2, "{parts:?}");
        assert!(parts.requests >= 900 * MIB, "{parts:?}");
        let parts = split(24 * GIB, 2);
        assert_eq!((parts.requests, parts.memtables, parts.tail), (GIB, 256 * MIB, 64 * MIB));
        assert_eq!(parts.block_cache, 12 * GIB);
    }

    #[test]
    fn no_part_shrinks_as_the_total_grows_and_none_goes_beyond_it() {
        let list = |parts: Parts| {
            let Parts {
                requests,
                block_cache,
                memtables,
                memtable,
                tail,
                writer,
                order,
                proposals,
                log_recent,
                conformance,
            } = parts;
            [
                requests,
                block_cache,
                memtables,
                memtable,
                tail,
                writer,
                order,
                proposals,
                log_recent,
                conformance,
            ]
        };
        for shards in [1, 2, 8] {
            let mut before = split(0, shards);
            for total in (1..2000).map(|step| step * 16 * MIB) {
                let parts = split(total, shards);
                let grown = list(parts).iter().zip(list(before)).all(|(now, then)| *now >= then);
                // The cache alone takes what is left over.
                assert!(
                    grown || parts.block_cache < before.block_cache,
                    "{total}: {parts:?} after {before:?}"
                );
                assert!(
                    total < 512 * MIB || shards > 2 || PROCESS + parts.sum(shards) <= total,
                    "{total}: {parts:?}"
                );
                before = parts;
            }
        }
    }
}
