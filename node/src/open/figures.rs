//! What the metrics page asks the node for.

use crate::{engine::Engine, observe::page::Page, service::Node};
use cluster::{DiskFigures, GroupFigures, GroupState};
use std::{path::Path, sync::Arc};
use storage::log::{Health, Stats};
use walkdir::WalkDir;

impl Node {
    /// Writes the figures of a moment whenever it is called, and nothing once the node is gone, which this does not
    /// prevent.
    pub fn figures(&self) -> impl Fn(&mut Page) + Send + Sync + use<> {
        let node = Arc::downgrade(&self.engine);
        move |page| {
            if let Some(node) = node.upgrade() {
                of_node(&node, page);
            }
        }
    }
}

fn of_node(node: &Engine, page: &mut Page) {
    page.gauge("salamander_actors", "Active compartments").is(node.actors.len() as f64);
    page.gauge("salamander_actors_queued", "Messages that wait for actors, or are on their way")
        .is(node.actors.queued() as f64);
    let groups = node.cluster.groups().iter();
    let prepared: usize = groups.map(|group| group.partition().prepared_count()).sum();
    page.gauge(
        "salamander_transactions_prepared",
        "Transactions prepared in a partition here and not finished",
    )
    .is(prepared as f64);
    page.gauge("salamander_search_tail_ratio", "How full the fullest search tail is; at 1 writes wait")
        .is(node.search.fill().into());
    of_parameters(node, page);
    of_tenants(node, page);
    let cluster = node.cluster.figures();
    of_groups(&cluster.groups, page);
    of_log(&cluster.log, &cluster.log_health, page);
    if let Some(disk) = cluster.disk {
        of_disk(disk, page);
    }
    of_data(&node.options.data_dir, page);
}

/// Search parameters that are not FHIR's own.
fn of_parameters(node: &Engine, page: &mut Page) {
    let sets: Vec<_> =
        node.cluster.indexed_tenants().into_iter().filter_map(|tenant| node.parameters(tenant)).collect();
    let entries = || sets.iter().flat_map(|set| set.entries());
    let serving = entries().filter(|entry| entry.serves).count();
    page.gauge("salamander_search_parameters", "Search parameters besides FHIR's own, by state")
        .with(&[("state", "searchable")], serving as f64)
        .with(&[("state", "indexing")], (entries().count() - serving) as f64);
    let far = node.cluster.indexed_tenants().into_iter().map(|tenant| node.reindexed(tenant));
    page.gauge("salamander_reindex_ratio", "How much of the rows has the values of all search parameters")
        .is(far.min().unwrap_or(1000) as f64 / 1000.0);
}

fn of_tenants(node: &Engine, page: &mut Page) {
    let (tenants, _) = node.cluster.tenants();
    let there = tenants.iter().filter(|one| one.ended_ms == 0).count();
    let going = tenants.iter().filter(|one| one.ended_ms > 0 && !one.gone).count();
    page.gauge("salamander_tenants", "Tenants besides the default one").is(there as f64);
    page.gauge("salamander_tenants_ending", "Deleted tenants whose data is still there, or going")
        .is(going as f64);
}

fn of_groups(groups: &[GroupFigures], page: &mut Page) {
    let mut states = page.gauge("salamander_partitions", "Partitions of this node, by state");
    for (state, name) in GroupState::ALL {
        let count = groups.iter().filter(|group| group.state == state).count();
        states = states.with(&[("state", name)], count as f64);
    }
    let mut each = |name: &'static str, help: &str, value: &dyn Fn(&GroupFigures) -> f64| {
        let mut family = page.gauge(name, help);
        for group in groups {
            family = family.with(&[("partition", &group.id.0.to_string())], value(group));
        }
    };
    each("salamander_partition_failed", "1: the partition has failed for good", &|group| {
        f64::from(u8::from(group.state == GroupState::Failed))
    });
    each("salamander_partition_log_bytes", "Log that the partition still needs", &|group| {
        group.log_bytes as f64
    });
    each("salamander_partition_appended_entries", "Entries in the log since it began", &|group| {
        group.progress.appended as f64
    });
    each("salamander_partition_committed_entries", "Entries that are held by a majority", &|group| {
        group.progress.committed as f64
    });
    each("salamander_partition_applied_entries", "Entries that are in the tables", &|group| {
        group.progress.applied as f64
    });
    each("salamander_partition_durable_entries", "Entries that are in the tables on the disk", &|group| {
        group.progress.durable as f64
    });
}

fn of_log(log: &Stats, health: &Health, page: &mut Page) {
    let states = [("good", *health == Health::Good), ("short", matches!(health, Health::Short(_)))];
    let failed = matches!(health, Health::Failed(_));
    let mut family = page.gauge(
        "salamander_log_state",
        "1 for what the log is: good, short of something (writes wait), failed",
    );
    for (name, is) in states.into_iter().chain([("failed", failed)]) {
        family = family.with(&[("state", name)], f64::from(u8::from(is)));
    }
    page.gauge("salamander_log_bytes", "Segment files of the log").is(log.segment_bytes as f64);
    page.counter("salamander_log_written_bytes_total", "Written to the log").is(log.bytes as f64);
    page.counter("salamander_log_entries_total", "Entries written to the log").is(log.entries as f64);
    page.counter("salamander_log_fsyncs_total", "Syncs of the log").is(log.fsyncs as f64);
    page.counter("salamander_log_fsync_seconds_total", "Spent in syncs of the log")
        .is(log.fsync_us as f64 / 1e6);
}

fn of_disk(disk: DiskFigures, page: &mut Page) {
    page.gauge("salamander_disk_size_bytes", "The disk of the data folder").is(disk.size_bytes as f64);
    page.gauge("salamander_disk_free_bytes", "What can still be written to the disk of the data folder")
        .is(disk.free_bytes as f64);
    page.gauge("salamander_disk_reserve_bytes", "Writes are refused when the disk has less free")
        .is(disk.reserve_bytes as f64);
}

/// What the data folder holds, by its parts.
fn of_data(folder: &Path, page: &mut Page) {
    let mut family = page.gauge("salamander_data_bytes", "Files of the data folder, by part");
    for part in ["state", "log", "index", "cluster"] {
        // A file may go while it is looked at.
        let files = WalkDir::new(folder.join(part)).into_iter().flatten();
        let bytes: u64 = files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        family = family.with(&[("part", part)], bytes as f64);
    }
}
