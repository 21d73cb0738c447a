//! One node of a run and what is its own.

use super::{disk::SmallDisk, network::Network};
use crate::node::NodeProcess;
use std::{path::Path, time::Instant};

pub(super) struct Seat {
    /// Before the disk that it writes to: so it ends first.
    pub(super) process: NodeProcess,
    pub(super) disk: Option<SmallDisk>,
    /// Not yet ready since then.
    pub(super) launched: Option<Instant>,
}

const MIB: u64 = 1 << 20;
const DISK_MIB: u64 = 384;

impl Seat {
    /// Does not run yet. Of several nodes each has logs so short that who was away gets rows; and, where one can be mounted, a
    /// disk so small that it can be filled.
    pub(super) fn new(
        binary: &Path,
        network: &Network,
        at: usize,
        count: usize,
        logs: &Path,
    ) -> anyhow::Result<Seat> {
        let mut process = NodeProcess::new(binary)?.log_at(&logs.join(format!("node-{}.log", at + 1)));
        let mut disk = None;
        if count > 1 {
            process = process
                .on(&network.host(at))
                .through(&network.through(at))
                .set("storage.partitions", 4)
                .set("log.group_bytes", 256 << 10);
        }
        if count > 1 && network.can_be_cut() {
            let small = SmallDisk::mount(DISK_MIB)?;
            process = process
                .at(&small.path().join("data"))
                // Nobody but the run is in its network.
                .set("tls.insecure", true)
                .set("storage.disk_reserve_bytes", 16 * MIB)
                .set("storage.memtable_bytes", 2 * MIB)
                .set("storage.memtables_bytes", 8 * MIB)
                .set("log.segment_bytes", 4 * MIB)
                .set("log.total_bytes", 16 * MIB);
            disk = Some(small);
        }
        Ok(Seat { process, disk, launched: None })
    }
}
