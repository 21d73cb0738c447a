//! The metrics of this crate, with kept handles: a lookup by name per write would cost more than the count. What the log
//! counts itself is in [`crate::Figures`].

use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use std::time::Duration;

pub(crate) struct Meters {
    pub proposals: Counter,
    pub rejected: Counter,
    pub in_flight: Gauge,
    pub append: Histogram,
    pub apply: Histogram,
    pub apply_entries: Histogram,
    pub snapshot_sent: Counter,
    pub snapshot_received: Counter,
    pub snapshot_resumes: Counter,
}

impl Meters {
    /// Registers with the recorder that is installed now.
    pub(crate) fn new() -> Self {
        describe_counter!("salamander_raft_proposals_total", "Writes proposed to the groups");
        describe_counter!(
            "salamander_raft_proposals_rejected_total",
            "Writes refused before they were in the log"
        );
        describe_gauge!("salamander_raft_proposals_in_flight", "Proposals not yet answered");
        describe_histogram!("salamander_raft_append_seconds", "From an append to its durability");
        describe_histogram!("salamander_raft_apply_seconds", "To apply entries to the tables, each time");
        describe_histogram!("salamander_raft_apply_entries", "Entries applied to the tables at a time");
        describe_counter!(
            "salamander_raft_snapshot_bytes_total",
            "Bytes of snapshots on their way, by direction"
        );
        describe_counter!(
            "salamander_raft_snapshot_resumes_total",
            "Snapshots to other nodes that went on where their connection broke"
        );
        let snapshot = |direction: &'static str| counter!("salamander_raft_snapshot_bytes_total", "direction" => direction);
        Meters {
            proposals: counter!("salamander_raft_proposals_total"),
            rejected: counter!("salamander_raft_proposals_rejected_total"),
            in_flight: gauge!("salamander_raft_proposals_in_flight"),
            append: histogram!("salamander_raft_append_seconds"),
            apply: histogram!("salamander_raft_apply_seconds"),
            apply_entries: histogram!("salamander_raft_apply_entries"),
            snapshot_sent: snapshot("sent"),
            snapshot_received: snapshot("received"),
            snapshot_resumes: counter!("salamander_raft_snapshot_resumes_total"),
        }
    }

    pub(crate) fn applied(&self, entries: usize, took: Duration) {
        self.apply.record(took.as_secs_f64());
        self.apply_entries.record(entries as f64);
    }
}
