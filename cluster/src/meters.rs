//! The metrics of this crate, with kept handles: a lookup by name per write would cost more than the count.

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use std::time::Duration;
use storage::log::Stats;

pub(crate) struct Meters {
    pub proposals: Counter,
    pub rejected: Counter,
    pub append: Histogram,
    pub apply: Histogram,
    pub apply_entries: Histogram,
    in_flight: Gauge,
    fsyncs: Counter,
    fsync_us: Counter,
    log_entries: Counter,
    log_written: Counter,
    entries_per_fsync: Gauge,
    log_bytes: Gauge,
}

impl Meters {
    /// Registers with the recorder that is installed now.
    pub(crate) fn new() -> Self {
        Meters {
            proposals: counter!("salamander_raft_proposals_total"),
            rejected: counter!("salamander_raft_proposals_rejected_total"),
            append: histogram!("salamander_raft_append_seconds"),
            apply: histogram!("salamander_raft_apply_seconds"),
            apply_entries: histogram!("salamander_raft_apply_entries"),
            in_flight: gauge!("salamander_raft_proposals_in_flight"),
            fsyncs: counter!("salamander_log_fsyncs_total"),
            fsync_us: counter!("salamander_log_fsync_microseconds_total"),
            log_entries: counter!("salamander_log_entries_total"),
            log_written: counter!("salamander_log_written_bytes_total"),
            entries_per_fsync: gauge!("salamander_log_entries_per_fsync"),
            log_bytes: gauge!("salamander_log_bytes"),
        }
    }

    /// Publishes the log's own counters; `before` is what was published last.
    pub(crate) fn publish(&self, now: &Stats, before: &Stats, in_flight: usize) {
        self.fsyncs.absolute(now.fsyncs);
        self.fsync_us.absolute(now.fsync_us);
        self.log_entries.absolute(now.entries);
        self.log_written.absolute(now.bytes);
        self.log_bytes.set(now.segment_bytes as f64);
        self.in_flight.set(in_flight as f64);
        let fsyncs = now.fsyncs - before.fsyncs;
        if fsyncs > 0 {
            self.entries_per_fsync.set((now.entries - before.entries) as f64 / fsyncs as f64);
        }
    }

    pub(crate) fn applied(&self, entries: usize, took: Duration) {
        self.apply.record(took.as_secs_f64());
        self.apply_entries.record(entries as f64);
    }
}
