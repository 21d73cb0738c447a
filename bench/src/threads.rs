//! CPU time of a process by the names of its threads: the part of a create's cost that no clock of the server's own
//! is needed for.

use crate::usage::parse_stat;
use anyhow::{Context, Result};
use std::{collections::BTreeMap, fs, time::Duration};

/// CPU time by thread name, numbers in the names left out: `tokio-rt-worker`, `rocksdb:low`, `log-writer`.
pub type ByName = BTreeMap<String, Duration>;

/// Of the threads that live now. A thread that ended before is in the process's time only.
///
/// # Errors
/// There is no such process, or this is not Linux.
pub fn cpu_by_name(pid: u32) -> Result<ByName> {
    let mut found = ByName::new();
    let folder = format!("/proc/{pid}/task");
    for thread in fs::read_dir(&folder).with_context(|| format!("threads of {pid}"))? {
        // A thread may end while we look.
        let Ok(stat) = fs::read_to_string(thread?.path().join("stat")) else { continue };
        if let Some((name, cpu)) = name(&stat).zip(parse_stat(&stat)) {
            *found.entry(name).or_default() += cpu;
        }
    }
    Ok(found)
}

/// What was spent between two looks; names that spent nothing are left out.
pub fn difference(before: &ByName, after: &ByName) -> ByName {
    let spent =
        |name: &String, cpu: Duration| cpu.saturating_sub(before.get(name).copied().unwrap_or_default());
    let all = after.iter().map(|(name, cpu)| (name.clone(), spent(name, *cpu)));
    all.filter(|(_, cpu)| !cpu.is_zero()).collect()
}

/// Field 2 of `/proc/PID/stat` without the numbers that tell equal threads apart.
fn name(stat: &str) -> Option<String> {
    let (_, rest) = stat.split_once('(')?;
    let (name, _) = rest.rsplit_once(')')?;
    Some(
        name.trim_end_matches(|end: char| end.is_ascii_digit() || matches!(end, '-' | '_' | ':' | '.'))
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_threads_have_one_name() {
        assert_eq!(name("12 (search-0-3) S 1").as_deref(), Some("search"));
        assert_eq!(name("12 (rocksdb:low7) S 1").as_deref(), Some("rocksdb:low"));
        assert_eq!(name("12 (a) b) S 1").as_deref(), Some("a) b"));
        assert_eq!(name("nothing"), None);
    }

    #[test]
    fn a_busy_thread_shows_under_its_name() -> Result<()> {
        let pid = std::process::id();
        let before = cpu_by_name(pid)?;
        let busy =
            std::thread::Builder::new().name("busy-7".to_owned()).spawn(move || -> Result<ByName> {
                loop {
                    let spent = difference(&before, &cpu_by_name(pid)?);
                    if spent.contains_key("busy") {
                        return Ok(spent);
                    }
                }
            })?;
        let spent = busy.join().map_err(|_| anyhow::anyhow!("the thread panicked"))??;
        assert!(spent["busy"] >= Duration::from_millis(10));
        Ok(())
    }
}
