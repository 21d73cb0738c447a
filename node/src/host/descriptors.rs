//! File descriptors: log, tables and index have theirs whatever the connections do.
//!
//! A connection beyond what the process may open would fail the next segment or table file instead. So the limit is
//! raised as far as it goes, and a configuration that does not fit below it does not start.

use crate::config::{Config, Grpc, Rest};
use rustix::process::{Resource, getrlimit, setrlimit};

/// Runtime, listeners, standard streams, lock files, and what is read for a moment at the start and for metrics.
const OWN: u64 = 64;
/// Files that one index writer has open: threads that write segments, and merges.
const PER_SHARD: u64 = 64;
/// Log files besides those of its regular length: active, being prepared, being freed, the lock.
const LOG_EXTRA: u64 = 4;
/// Fewer connections than this on a listener are no service.
const CONNECTIONS_MIN: u64 = 16;

/// Raises the soft limit to the hard one. How many descriptors this process may have then.
pub fn raise() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    let effective = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    effective.unwrap_or(u64::MAX)
}

/// A configuration that needs more descriptors than there are.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "at most {limit} files can be open (the hard limit, ulimit -Hn), the configuration needs {needed}: \
     {log} for the log (log.total_bytes / log.segment_bytes, log.spares), {tables} for the tables \
     (storage.open_files_max), {index} for the index (search.shards), {nodes} for other nodes (cluster.connections_max), \
     {OWN} of its own, {rest} and {grpc} for connections (rest.connections_max, grpc.connections_max); raise the limit to {needed}, or lower these options"
)]
pub struct TooMany {
    limit: u64,
    needed: u64,
    log: u64,
    tables: u64,
    index: u64,
    nodes: u64,
    rest: u64,
    grpc: u64,
}

/// Has the configuration fit below `limit`: connections that nobody asked for but the defaults become fewer; then the
/// answer is what to warn of.
///
/// # Errors
/// [`TooMany`], where that does not help.
pub fn fit(config: &mut Config, limit: u64) -> Result<Option<String>, TooMany> {
    let needs = Needs::of(config);
    if needs.all() <= limit {
        return Ok(None);
    }
    let left = limit.saturating_sub(needs.fixed());
    let is_default = (
        config.rest.connections_max == Rest::default().connections_max,
        config.grpc.connections_max == Grpc::default().connections_max,
    );
    let (rest, grpc) = match is_default {
        (true, true) => (left / 2, left / 2),
        (true, false) => (left.saturating_sub(needs.grpc), needs.grpc),
        (false, true) => (needs.rest, left.saturating_sub(needs.rest)),
        (false, false) => return Err(needs.too_many(limit)),
    };
    if rest + grpc > left || rest.min(grpc) < CONNECTIONS_MIN.min(needs.rest).min(needs.grpc) {
        return Err(needs.too_many(limit));
    }
    (config.rest.connections_max, config.grpc.connections_max) = (rest as usize, grpc as usize);
    Ok(Some(format!(
        "at most {limit} files can be open (the hard limit, ulimit -Hn): rest.connections_max is {rest} and \
         grpc.connections_max {grpc} instead of {} and {}; raise the limit to {} for those",
        needs.rest,
        needs.grpc,
        needs.all()
    )))
}

struct Needs {
    log: u64,
    tables: u64,
    index: u64,
    nodes: u64,
    rest: u64,
    grpc: u64,
}

impl Needs {
    fn of(config: &Config) -> Needs {
        let segments = config.log.total_bytes.div_ceil(config.log.segment_bytes);
        Needs {
            // Segments above the regular length are there until their partitions are flushed.
            log: 2 * segments + config.log.spares as u64 + LOG_EXTRA,
            tables: u64::try_from(config.storage.open_files_max).unwrap_or_default(),
            index: PER_SHARD * config.search.shards as u64,
            nodes: config.cluster.connections_max as u64,
            rest: config.rest.connections_max as u64,
            grpc: config.grpc.connections_max as u64,
        }
    }

    fn fixed(&self) -> u64 {
        self.log + self.tables + self.index + self.nodes + OWN
    }

    fn all(&self) -> u64 {
        self.fixed() + self.rest + self.grpc
    }

    fn too_many(&self, limit: u64) -> TooMany {
        let &Needs { log, tables, index, nodes, rest, grpc } = self;
        TooMany { limit, needed: self.all(), log, tables, index, nodes, rest, grpc }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(limit: u64, set: impl Fn(&mut Config)) -> Result<(usize, usize, bool), TooMany> {
        let mut config = Config::default();
        set(&mut config);
        let warned = fit(&mut config, limit)?.is_some();
        Ok((config.rest.connections_max, config.grpc.connections_max, warned))
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(connections(u64::MAX, |_| {}), Ok((4096, 4096, false)));
        let needed = Needs::of(&Config::default()).all();
        assert_eq!(connections(needed, |_| {}), Ok((4096, 4096, false)));
        let more = |config: &mut Config| config.cluster.connections_max += 2;
        assert_eq!(connections(needed, more), Ok((4095, 4095, true)), "other nodes' are never fewer");
    }

    #[test]
    fn defaults_make_room_for_the_log_and_what_was_asked_for_does_not() {
        let fixed = Needs::of(&Config::default()).fixed();
        let (rest, grpc, warned) = connections(1024, |_| {}).unwrap();
        assert!(warned && rest == grpc && rest as u64 == (1024 - fixed) / 2, "{rest}");
        let few = |config: &mut Config| config.grpc.connections_max = 20;
        assert_eq!(connections(1024, few), Ok(((1024 - fixed - 20) as usize, 20, true)));
        let many = |config: &mut Config| config.rest.connections_max = 4000;
        let refused = connections(1024, many).unwrap_err().to_string();
        for part in ["1024", "4000", "rest.connections_max", "storage.open_files_max", "ulimit -Hn"] {
            assert!(refused.contains(part), "{refused}");
        }
    }

    #[test]
    fn a_limit_that_leaves_no_connections_is_refused() {
        let fixed = Needs::of(&Config::default()).fixed();
        assert!(connections(fixed + 2 * CONNECTIONS_MIN, |_| {}).is_ok());
        assert!(connections(fixed + 2 * CONNECTIONS_MIN - 1, |_| {}).is_err());
        assert!(connections(64, |_| {}).is_err());
    }

    #[test]
    fn the_soft_limit_is_raised() {
        let allowed = raise();
        assert!(allowed >= 64);
        assert_eq!(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), allowed);
    }
}
