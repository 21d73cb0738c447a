//! Keeps the log bounded, watches disk and log.

use crate::admission::Admission;
use crate::failure::{Failures, Part};
use crate::folder::Folder;
use crate::kept::Kept;
use crate::meters::Meters;
use crate::options::Options;
use crate::raft::Handle;
use crate::threads;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::log::{Health, LogStore, Stats};

pub(crate) struct Maintenance {
    pub(crate) options: Options,
    pub(crate) folder: Arc<dyn Folder>,
    pub(crate) log: Arc<Kept>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) failures: Failures,
    pub(crate) meters: Arc<Meters>,
    pub(crate) groups: BTreeMap<u32, Handle>,
}

impl Maintenance {
    /// Until the task is aborted.
    pub(crate) async fn run(self) {
        let mut tick = tokio::time::interval(self.options.maintenance);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.watch_disk().await;
            // A log that failed while no group waited for it.
            if let Health::Failed(reason) = self.log.health() {
                self.failures.report(Part::Log, &reason);
            }
            let stats = self.log.stats();
            self.meters.in_flight.set(self.admission.in_flight() as f64);
            self.bound_log(&stats).await;
        }
    }

    async fn watch_disk(&self) {
        // A disk that hangs holds a thread of its own, not one of the runtime's.
        let folder = self.folder.clone();
        match threads::beside(move || folder.space()).await.flatten() {
            Ok(disk) => self.admission.set_below_reserve(disk.free_bytes < self.options.disk_reserve_bytes),
            Err(error) => tracing::warn!(%error, "cannot tell how much disk is free"),
        }
    }

    async fn bound_log(&self, stats: &Stats) {
        let too_long = |group: &u32| self.log.group_bytes(*group) > self.options.group_log_bytes;
        let mut flush: Vec<u32> = self.groups.keys().copied().filter(too_long).collect();
        if stats.segment_bytes > self.options.log_bytes {
            let pinning = self.log.pinning();
            self.log.let_go(&pinning);
            flush.extend(pinning);
        }
        flush.sort_unstable();
        flush.dedup();
        for group in flush {
            if let Some(handle) = self.groups.get(&group) {
                handle.flush().await;
            }
        }
    }
}
