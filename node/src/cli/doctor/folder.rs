//! What a data folder says of the clock, of who may read it, and of what takes room.

use super::finding::{Finding, Verdict};
use std::{
    collections::BTreeMap,
    fs::{File, TryLockError},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};
use walkdir::WalkDir;

/// Clocks of file systems are this coarse, or another machine's.
const CLOCK_COARSE: Duration = Duration::from_secs(2);
/// Rights of group and others.
const OTHERS: u32 = 0o077;

/// Whether a node has it open.
pub(super) fn is_in_use(data: &Path) -> bool {
    let lock = File::open(data.join("log").join("LOCK"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// The looks at a folder; of one that is not there yet none.
pub(super) fn look(data: &Path) -> Vec<Finding> {
    if !data.is_dir() {
        let text = format!("{} is not there yet: a start makes it", data.display());
        return vec![Finding::new("folder", Verdict::Well, text)];
    }
    let known = Known::of(data);
    vec![known.folder(data), known.clock(SystemTime::now())]
}

#[derive(Default)]
struct Known {
    /// Bytes of each part.
    parts: BTreeMap<String, u64>,
    newest: Option<SystemTime>,
    /// What others may read or write.
    open: u64,
}

impl Known {
    /// Files that go meanwhile are left out.
    fn of(data: &Path) -> Known {
        let mut known = Known::default();
        for entry in WalkDir::new(data).into_iter().flatten() {
            let Ok(about) = entry.metadata() else { continue };
            known.open += u64::from(about.permissions().mode() & OTHERS != 0);
            if !about.is_file() {
                continue;
            }
            known.newest = known.newest.max(about.modified().ok());
            let below = entry.path().strip_prefix(data).unwrap_or(entry.path());
            let part = below.iter().next().unwrap_or_default().to_string_lossy().into_owned();
            *known.parts.entry(part).or_default() += about.len();
        }
        known
    }

    fn folder(&self, data: &Path) -> Finding {
        let mut parts: Vec<_> = self.parts.iter().filter(|(_, bytes)| **bytes >> 20 > 0).collect();
        parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
        let parts: Vec<String> =
            parts.iter().map(|(name, bytes)| format!("{name} {}", **bytes >> 20)).collect();
        let mut text = format!(
            "{} has {} MiB{}",
            data.display(),
            self.parts.values().sum::<u64>() >> 20,
            if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
        );
        if self.open > 0 {
            text.push_str(&format!(
                "; {} files and folders are open to others, until the next start",
                self.open
            ));
        }
        let verdict = if self.open > 0 { Verdict::Poor } else { Verdict::Well };
        Finding::new("folder", verdict, text)
    }

    /// A clock that went back has versions be older than those before them, and leases end late.
    fn clock(&self, now: SystemTime) -> Finding {
        let ahead = self.newest.and_then(|newest| newest.duration_since(now).ok()).unwrap_or_default();
        let moment =
            jiff::Timestamp::try_from(now).map_or_else(|error| error.to_string(), |now| format!("{now:.0}"));
        match ahead > CLOCK_COARSE {
            true => {
                let text = format!(
                    "{moment}, and the newest file was written {} s later: the clock went back; set it before the node starts",
                    ahead.as_secs()
                );
                Finding::new("clock", Verdict::Bad, text)
            }
            false => Finding::new("clock", Verdict::Well, format!("{moment}, after all that was written")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_rights_and_the_clock_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("index");
        std::fs::create_dir(&index).unwrap();
        std::fs::write(index.join("x"), vec![0; 3 << 20]).unwrap();
        std::fs::set_permissions(index.join("x"), std::fs::Permissions::from_mode(0o640)).unwrap();
        let known = Known::of(folder.path());
        let told = known.folder(folder.path());
        assert!(told.text.contains("3 MiB (index 3)") && told.verdict == Verdict::Poor, "{told}");
        assert_eq!(known.clock(SystemTime::now()).verdict, Verdict::Well);
        assert_eq!(known.clock(SystemTime::now() - Duration::from_secs(60)).verdict, Verdict::Bad);
        assert!(!is_in_use(folder.path()));
        assert_eq!(look(&folder.path().join("none")).len(), 1);
    }

    #[test]
    fn a_folder_in_use_is_known() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("log")).unwrap();
        let lock = File::create(folder.path().join("log/LOCK")).unwrap();
        assert!(!is_in_use(folder.path()));
        lock.try_lock().unwrap();
        assert!(is_in_use(folder.path()));
    }
}
