//! The lines of the table.

use super::counted::Counted;
use crate::measure::Measured;
use std::fmt;

pub(super) const HEAD: &str = "\
Creates are of an Observation of about 2 KB, closed loop; `of one`: part of the rate of the first size in the same round; CPU, \
frames, bytes and syncs are those of all nodes together, for one operation.

| nodes | partitions | what | connections | per second | of one | p50 ms | p99 ms | server CPU µs | frames between nodes | bytes in them | syncs | bytes to logs |
|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

/// A row.
pub(super) struct Line<'l> {
    pub(super) nodes: usize,
    pub(super) partitions: usize,
    pub(super) what: &'l str,
    pub(super) connections: usize,
    pub(super) of_one: f64,
    pub(super) measured: &'l Measured,
    /// What one create cost beside CPU.
    pub(super) costs: Option<Counted>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { nodes, partitions, what, connections, of_one, measured, costs } = self;
        let (p50, p99) = (measured.latency.microseconds_at(50.0), measured.latency.microseconds_at(99.0));
        let cpu = measured.server_cpu.map_or(0.0, |cpu| measured.microseconds_per_operation(cpu));
        let rate = measured.rate();
        write!(f, "| {nodes} | {partitions} | {what} | {connections} | {rate:.0} | {of_one:.2} ")?;
        write!(f, "| {:.2} | {:.2} | {cpu:.0} ", p50 / 1000.0, p99 / 1000.0)?;
        match costs {
            Some(costs) => write!(
                f,
                "| {:.1} | {:.0} | {:.2} | {:.0} |",
                costs.frames, costs.frame_bytes, costs.fsyncs, costs.log_bytes
            ),
            None => f.write_str("| | | | |"),
        }
    }
}

/// What a node costs while nobody asks anything.
pub(super) fn idle(nodes: usize, partitions: usize, of_a_core: f64) -> String {
    format!(
        "| {nodes} | {partitions} | idle | | | | | | {:.2} % of a core for each node | | | | |",
        of_a_core * 100.0
    )
}
