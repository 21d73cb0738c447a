//! The process's own figures, read from `/proc/self` when the metrics page is asked for.

use metrics::{describe_gauge, gauge};
use std::{fs, sync::LazyLock, time::Instant};

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Linux counts CPU time in `/proc` in hundredths of a second (USER_HZ), whatever the kernel's own tick is.
const TICKS_PER_SECOND: f64 = 100.0;

/// Names and units; also starts the uptime.
pub(super) fn describe() {
    LazyLock::force(&STARTED);
    describe_gauge!("process_resident_memory_bytes", "Resident memory");
    describe_gauge!("process_cpu_seconds_total", "CPU time of all threads, user and system");
    describe_gauge!("process_open_fds", "Open file descriptors");
    describe_gauge!("process_threads", "Threads");
    describe_gauge!("process_uptime_seconds", "Time since the start");
}

/// Takes the figures now. What cannot be read (not on Linux) is left out.
pub(super) fn sample() {
    gauge!("process_uptime_seconds").set(STARTED.elapsed().as_secs_f64());
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        if let Some(kib) = status_value(&status, "VmRSS:") {
            gauge!("process_resident_memory_bytes").set(kib * 1024.0);
        }
        if let Some(threads) = status_value(&status, "Threads:") {
            gauge!("process_threads").set(threads);
        }
    }
    if let Some(seconds) = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| cpu_seconds(&stat)) {
        gauge!("process_cpu_seconds_total").set(seconds);
    }
    if let Ok(entries) = fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(entries.count() as f64);
    }
}

fn status_value(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15 of `/proc/self/stat`. The second field, the command in brackets, may hold spaces.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let after_command = stat.rsplit_once(')')?.1;
    let mut fields = after_command.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_may_hold_spaces_and_brackets() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 100";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("nonsense"), None);
        assert_eq!(status_value("VmRSS:\t  12 kB\nThreads:\t4\n", "Threads:"), Some(4.0));
    }
}
