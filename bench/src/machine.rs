//! What the figures were measured on.

use crate::usage;
use serde::Serialize;
use std::{fs, path::Path, process::Command};

/// The header of a report. What cannot be found out says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub memory_bytes: u64,
    pub kernel: String,
    pub filesystem: String,
    pub rustc: String,
    pub commit: String,
    pub load_before: String,
}

impl Machine {
    /// This machine; `work` is where the data goes.
    pub fn look(work: &Path) -> Machine {
        let cpus = read("/proc/cpuinfo");
        let cpu = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .map(|rest| rest.trim_matches([' ', '\t', ':']));
        let load = read("/proc/loadavg");
        Machine {
            cpu: cpu.unwrap_or("unknown").to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_bytes: usage::kib(&read("/proc/meminfo"), "MemTotal:").unwrap_or(0),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            filesystem: filesystem(&read("/proc/self/mountinfo"), work),
            rustc: output("rustc", &["--version"]),
            commit: commit(),
            load_before: load.split(' ').take(3).collect::<Vec<_>>().join(" "),
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
    output.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// The commit of the checkout this is run in, and whether there is more in it.
fn commit() -> String {
    let commit = output("git", &["rev-parse", "--short=12", "HEAD"]);
    match output("git", &["status", "--porcelain", "--untracked-files=no"]).as_str() {
        "" | "unknown" => commit,
        _ => format!("{commit} and local changes"),
    }
}

/// Type, source and options of the mount that holds `path`, out of `/proc/self/mountinfo`
/// (<https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html>).
fn filesystem(mounts: &str, path: &Path) -> String {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let holding = mounts.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(4);
        let (point, options) = (left.next()?, left.next()?);
        let mut right = right.split(' ');
        let (kind, source) = (right.next()?, right.next()?);
        path.starts_with(point).then(|| (point.len(), format!("{kind} on {source} ({options})")))
    });
    // The longest mount point holds it; of equal ones the last mounted.
    holding.max_by_key(|(length, _)| *length).map_or_else(|| "unknown".to_owned(), |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_point_holds_the_path() {
        let mounts = "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
                      22 21 0:20 / /tmp rw,nosuid - tmpfs tmpfs rw\n\
                      broken line\n";
        assert_eq!(filesystem(mounts, Path::new("/nowhere/x")), "ext4 on /dev/vda (rw,relatime)");
        assert_eq!(filesystem(mounts, Path::new("/tmp")), "tmpfs on tmpfs (rw,nosuid)");
        assert_eq!(filesystem("", Path::new("/tmp")), "unknown");
    }

    #[test]
    fn this_machine_has_cores_and_memory() {
        let machine = Machine::look(Path::new("."));
        assert!(machine.cores > 0 && machine.memory_bytes > 1 << 20, "{machine:?}");
    }
}
