//! The memory of the process: how much there is, and which part of it is whose. Requests are held to theirs by
//! [`crate::bounds`], every other part by who owns it.

mod limit;
mod split;

pub use limit::Limit;
pub use split::{Parts, split};

use crate::config::Config;

/// The budget of a process.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes.
    pub total: u64,
    /// Who says so.
    pub origin: &'static str,
}

impl Budget {
    /// What is configured, else what the container or the machine has.
    pub fn of(config: &Config) -> Budget {
        if config.memory.total_bytes > 0 {
            return Budget { total: config.memory.total_bytes, origin: "memory.total_bytes" };
        }
        let limit = Limit::of_this_process();
        let origin = match limit {
            Limit::Container(_) => "the container's limit",
            Limit::Machine(_) => "the machine's memory",
            Limit::Unknown => "an assumption: the system does not say",
        };
        Budget { total: limit.budget(), origin }
    }

    /// The configuration with every part that is 0 in it cut from this budget.
    pub fn fill(&self, mut config: Config) -> Config {
        let parts = split(self.total, config.search.shards as u64);
        let size = |option: &mut usize, part: u64| {
            if *option == 0 {
                *option = usize::try_from(part).unwrap_or(usize::MAX);
            }
        };
        size(&mut config.limits.requests_bytes_max, parts.requests);
        size(&mut config.conformance.cache_bytes, parts.conformance);
        size(&mut config.storage.block_cache_bytes, parts.block_cache);
        size(&mut config.storage.memtables_bytes, parts.memtables);
        size(&mut config.storage.memtable_bytes, parts.memtable);
        size(&mut config.raft.proposal_bytes_max, parts.proposals);
        size(&mut config.search.tail_bytes_max, parts.tail);
        size(&mut config.search.writer_bytes, parts.writer);
        size(&mut config.search.order_bytes_max, parts.order);
        if config.log.recent_bytes == 0 {
            config.log.recent_bytes = parts.log_recent;
        }
        config
    }

    /// Says once, at the start, what was found.
    pub fn log(&self, config: &Config) {
        let mib = |bytes: usize| bytes >> 20;
        tracing::info!(
            total_mib = self.total >> 20,
            from = self.origin,
            requests_mib = mib(config.limits.requests_bytes_max),
            block_cache_mib = mib(config.storage.block_cache_bytes),
            memtables_mib = mib(config.storage.memtables_bytes),
            tail_mib = mib(config.search.tail_bytes_max),
            "the memory of this process"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_stays_and_the_rest_is_cut_from_the_total() {
        let mut config = Config::default();
        config.memory.total_bytes = 4 << 30;
        config.storage.block_cache_bytes = 3 << 30;
        let budget = Budget::of(&config);
        assert_eq!((budget.total, budget.origin), (4 << 30, "memory.total_bytes"));
        let filled = budget.fill(config);
        let parts = split(4 << 30, 2);
        assert_eq!(filled.storage.block_cache_bytes, 3 << 30);
        assert_eq!(filled.limits.requests_bytes_max as u64, parts.requests);
        assert_eq!(filled.log.recent_bytes, parts.log_recent);
        let flat = serde_json::to_value(&filled).unwrap();
        let left: Vec<String> = ["storage", "raft", "conformance"]
            .iter()
            .flat_map(|section| flat[section].as_object().unwrap())
            .filter(|(name, value)| name.contains("bytes") && **value == 0)
            .map(|(name, _)| name.clone())
            .collect();
        assert_eq!(left, [""; 0], "0 stands for a part of the budget");
    }
}
