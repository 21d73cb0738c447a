//! What a process costs: CPU time and memory, from `/proc`, and what its folder takes on the disk.

use anyhow::{Context, Result};
use std::{fs, os::unix::fs::MetadataExt, path::Path, time::Duration};
use walkdir::WalkDir;

/// Linux shows CPU time in `/proc` in hundredths of a second (USER_HZ), whatever the kernel's own tick is.
const TICKS_PER_SECOND: u64 = 100;

/// User and system time of all threads of a process, also of those that ended. In steps of 10 ms.
///
/// # Errors
/// There is no such process, or this is not Linux.
pub fn cpu(pid: u32) -> Result<Duration> {
    let text =
        fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("CPU time of {pid}"))?;
    parse_stat(&text).with_context(|| format!("/proc/{pid}/stat holds something else: {text}"))
}

/// The same of several processes together.
///
/// # Errors
/// As of [`cpu`].
pub fn cpu_of_all(pids: &[u32]) -> Result<Duration> {
    pids.iter().map(|pid| cpu(*pid)).sum()
}

/// Fields 14 and 15 of `/proc/PID/stat`. The name in field 2 may hold blanks and parentheses, so counting begins
/// behind the last `)`.
pub fn parse_stat(text: &str) -> Option<Duration> {
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis(user.checked_add(system)?.checked_mul(1000 / TICKS_PER_SECOND)?))
}

/// Resident memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    pub resident_bytes: u64,
    pub peak_bytes: u64,
}

/// Of a process, now and at its peak.
///
/// # Errors
/// There is no such process, or this is not Linux.
pub fn memory(pid: u32) -> Result<Memory> {
    let text =
        fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| format!("memory of {pid}"))?;
    parse_status(&text).with_context(|| format!("/proc/{pid}/status lacks VmRSS or VmHWM"))
}

/// `VmRSS` and `VmHWM` of `/proc/PID/status`.
pub fn parse_status(text: &str) -> Option<Memory> {
    Some(Memory { resident_bytes: kib(text, "VmRSS:")?, peak_bytes: kib(text, "VmHWM:")? })
}

/// The value of a line such as `MemTotal:  24689764 kB`, in bytes.
pub(crate) fn kib(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Bytes the files of a folder take on the disk, counted in blocks.
///
/// # Errors
/// The folder cannot be read.
pub fn disk_bytes(path: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in WalkDir::new(path) {
        // Compaction removes files while we look.
        let Some(metadata) = entry.ok().and_then(|entry| entry.metadata().ok()) else { continue };
        bytes += metadata.blocks() * 512;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_whose_name_holds_blanks_and_parentheses() {
        let line = "4242 (a) b (c) S 1 4242 4242 0 -1 4194560 1817 0 3 0 123 45 6 7 20 0 9 0 10021 1 2 3";
        assert_eq!(parse_stat(line), Some(Duration::from_millis(1680)));
        assert_eq!(parse_stat("4242 (short) S 1 2 3"), None);
        assert_eq!(parse_stat("no parenthesis"), None);
    }

    #[test]
    fn a_status_page() {
        let page = "Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\nThreads:\t9\n";
        let memory = Memory { resident_bytes: 1 << 20, peak_bytes: 2 << 20 };
        assert_eq!(parse_status(page), Some(memory));
        assert_eq!(parse_status("VmRSS: 12 pages\nVmHWM: 1 kB"), None);
    }

    #[test]
    fn this_process_has_both() -> Result<()> {
        let pid = std::process::id();
        let before = cpu(pid)?;
        let mut sum = 0u64;
        while cpu(pid)? <= before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(memory(pid)?.resident_bytes > 1 << 20);
        assert!(cpu(0).is_err());
        Ok(())
    }
}
