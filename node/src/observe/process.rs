//! The process's own figures under the names every client library of Prometheus gives them, read from `/proc/self`.
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>

use super::page::Page;
use rustix::process::{Resource, getrlimit};
use std::{
    fs,
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

static STARTED: LazyLock<f64> =
    LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()));

/// Linux counts CPU time in `/proc` in hundredths of a second (USER_HZ), whatever the kernel's own tick is.
const TICKS_PER_SECOND: f64 = 100.0;

/// Remembers when the process started: now.
pub(super) fn started() {
    LazyLock::force(&STARTED);
}

/// Takes the figures now. What cannot be read (not on Linux) is left out.
pub(super) fn sample(page: &mut Page) {
    page.gauge("process_start_time_seconds", "Start of the process, seconds since 1970").is(*STARTED);
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        for (name, help, field, unit) in [
            ("process_resident_memory_bytes", "Resident memory", "VmRSS:", 1024.0),
            ("process_virtual_memory_bytes", "Address space", "VmSize:", 1024.0),
            ("process_threads", "Threads", "Threads:", 1.0),
        ] {
            if let Some(value) = status_value(&status, field) {
                page.gauge(name, help).is(value * unit);
            }
        }
    }
    if let Some(seconds) = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| cpu_seconds(&stat)) {
        page.counter("process_cpu_seconds_total", "CPU time of all threads, user and system").is(seconds);
    }
    if let Ok(entries) = fs::read_dir("/proc/self/fd") {
        page.gauge("process_open_fds", "Open file descriptors").is(entries.count() as f64);
    }
    if let Some(max) = getrlimit(Resource::Nofile).current {
        page.gauge("process_max_fds", "File descriptors that can be open").is(max as f64);
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
