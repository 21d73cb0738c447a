//! The node's log, of which is kept what a backup has not read yet: a purge ends where its rest begins. All else goes to the log itself.
//!
//! What is kept is bounded by the log's own bound (`Options::log_bytes`): beyond it [`Kept::let_go`] is called, and a backup finds a gap.

use crate::raft::place;
use crate::threads::blocking;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use storage::log::{Done, Health, LogStore, State, Stats};
use tokio::time::Instant;

/// Backups that one group's log is kept for; of more, the one that ends first goes.
const HOLDS_MAX: usize = 8;

/// What a backup has read of a group's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Names the backup; its next hold takes the place of this one.
    pub backup: u64,
    /// What follows this entry is kept. Counts from 1.
    pub after: u64,
    /// For so long.
    pub keep: Duration,
}

/// See the module.
pub(crate) struct Kept {
    log: Arc<dyn LogStore>,
    groups: Mutex<BTreeMap<u32, Holds>>,
}

#[derive(Default)]
struct Holds {
    /// Each with when it ends.
    all: Vec<(Hold, Instant)>,
    /// Of the group's log, what the last purge left for them.
    left_bytes: u64,
}

impl Holds {
    /// What follows this entry is kept for somebody.
    fn after(&mut self) -> Option<u64> {
        let now = Instant::now();
        self.all.retain(|(_, until)| *until > now);
        self.all.iter().map(|(hold, _)| hold.after).min()
    }

    fn add(&mut self, hold: Hold) {
        self.all.retain(|(other, _)| other.backup != hold.backup);
        if self.all.len() == HOLDS_MAX {
            self.all.sort_by_key(|(_, until)| *until);
            self.all.remove(0);
        }
        self.all.push((hold, Instant::now() + hold.keep));
    }
}

impl Kept {
    pub(crate) fn new(log: Arc<dyn LogStore>) -> Self {
        Kept { log, groups: Mutex::default() }
    }

    /// Keeps a group's log for a backup.
    pub(crate) fn hold(&self, group: u32, hold: Hold) {
        self.groups.lock().entry(group).or_default().add(hold);
    }

    /// Nothing of these groups is kept any more for backups that have not read it.
    pub(crate) fn let_go(&self, groups: &[u32]) {
        let mut all = self.groups.lock();
        for group in groups {
            if all.remove(group).is_some_and(|mut held| held.after().is_some()) {
                tracing::warn!(
                    group,
                    "the log is too long to be kept for a backup any more: what that has not read is purged"
                );
            }
        }
    }

    /// All that a group has in the log, what is kept for backups included.
    pub(crate) fn stored_bytes(&self, group: u32) -> u64 {
        self.log.group_bytes(group)
    }

    /// The last entry, from 0, that may be purged where everything up to `index` were; `None`: all of that may.
    fn bound(&self, group: u32, index: u64, log_id: &Bytes) -> Option<io::Result<Option<(u64, Bytes)>>> {
        let after = self.groups.lock().get_mut(&group)?.after()?;
        if after > index {
            return None;
        }
        let at = |index: u64| -> io::Result<Option<Bytes>> {
            let found = blocking(true, || self.log.read(group, index..index + 1))?;
            found.into_iter().next().map(|(_, record)| place(index, record)).transpose()
        };
        // Entries of another leader, which rows of a snapshot took the place of, are nobody's.
        match at(index) {
            Ok(Some(here)) if here == *log_id => {}
            Ok(_) => return None,
            Err(error) => return Some(Err(error)),
        }
        let Some(last) = after.checked_sub(1) else { return Some(Ok(None)) };
        Some(at(last).map(|place| place.map(|place| (last, place))))
    }
}

impl LogStore for Kept {
    fn append(&self, group: u32, entries: Vec<(u64, Bytes)>, done: Done) {
        self.log.append(group, entries, done);
    }

    fn save_vote(&self, group: u32, vote: Bytes, done: Done) {
        self.log.save_vote(group, vote, done);
    }

    fn truncate_after(&self, group: u32, index: Option<u64>, done: Done) {
        self.log.truncate_after(group, index, done);
    }

    fn purge_upto(&self, group: u32, index: u64, log_id: Bytes) {
        match self.bound(group, index, &log_id) {
            // What cannot be read cannot be kept for anybody.
            None | Some(Err(_)) => return self.log.purge_upto(group, index, log_id),
            Some(Ok(Some((last, place)))) => self.log.purge_upto(group, last, place),
            // Purged before, up to there.
            Some(Ok(None)) => {}
        }
        let left_bytes = self.log.group_bytes(group);
        if let Some(held) = self.groups.lock().get_mut(&group) {
            held.left_bytes = left_bytes;
        }
    }

    fn forget(&self, group: u32, vote: Bytes, done: Done) {
        self.groups.lock().remove(&group);
        self.log.forget(group, vote, done);
    }

    fn read(&self, group: u32, range: Range<u64>) -> io::Result<Vec<(u64, Bytes)>> {
        self.log.read(group, range)
    }

    fn recent(&self, group: u32, range: Range<u64>) -> Option<Vec<(u64, Bytes)>> {
        self.log.recent(group, range)
    }

    fn state(&self, group: u32) -> State {
        self.log.state(group)
    }

    /// What is kept for backups alone is left out: purging again would not free it.
    fn group_bytes(&self, group: u32) -> u64 {
        let bytes = self.log.group_bytes(group);
        let mut groups = self.groups.lock();
        let Some(held) = groups.get_mut(&group) else { return bytes };
        match held.after() {
            Some(_) => bytes.saturating_sub(held.left_bytes),
            None => {
                groups.remove(&group);
                bytes
            }
        }
    }

    fn pinning(&self) -> Vec<u32> {
        self.log.pinning()
    }

    fn health(&self) -> Health {
        self.log.health()
    }

    fn stats(&self) -> Stats {
        self.log.stats()
    }

    fn close(&self) {
        self.log.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::record_of;
    use proto::log::v1::Command;
    use storage::log::MemoryLog;

    const GROUP: u32 = 3;
    const MINUTE: Duration = Duration::from_secs(60);

    fn record(term: u64) -> Bytes {
        record_of(term, Command::default())
    }

    fn log(entries: u64) -> Kept {
        let log = Kept::new(Arc::new(MemoryLog::immediate()));
        let entries = (0..entries).map(|index| (index, record(1))).collect();
        log.append(GROUP, entries, Box::new(|done| done.unwrap()));
        log
    }

    fn first(log: &Kept) -> Option<u64> {
        log.read(GROUP, 0..u64::MAX / 2).unwrap().first().map(|(index, _)| *index)
    }

    fn purge(log: &Kept, index: u64, term: u64) {
        log.purge_upto(GROUP, index, place(index, record(term)).unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_backup_has_not_read_is_kept_until_it_has_or_takes_too_long() {
        let log = log(100);
        log.hold(GROUP, Hold { backup: 1, after: 10, keep: MINUTE });
        log.hold(GROUP, Hold { backup: 2, after: 30, keep: MINUTE / 2 });
        let before = log.group_bytes(GROUP);
        purge(&log, 49, 1);
        assert_eq!(first(&log), Some(10), "entry 11, as backups count");
        assert!(log.group_bytes(GROUP) == 0 && before > 0, "purging again frees nothing");
        assert_eq!(log.stored_bytes(GROUP), before / 10 * 9);
        log.hold(GROUP, Hold { backup: 1, after: 40, keep: MINUTE });
        purge(&log, 49, 1);
        assert_eq!(first(&log), Some(30));
        tokio::time::advance(MINUTE / 2 + Duration::from_secs(1)).await;
        purge(&log, 49, 1);
        assert_eq!(first(&log), Some(40));
        purge(&log, 20, 1);
        assert_eq!(first(&log), Some(40));
        log.let_go(&[GROUP]);
        purge(&log, 49, 1);
        assert_eq!(first(&log), Some(50));
    }

    #[tokio::test(start_paused = true)]
    async fn entries_that_a_snapshot_took_the_place_of_are_kept_for_nobody() {
        let log = log(20);
        log.hold(GROUP, Hold { backup: 1, after: 0, keep: MINUTE });
        purge(&log, 15, 1);
        assert_eq!(first(&log), Some(0), "nothing was read");
        purge(&log, 15, 2);
        assert_eq!(first(&log), Some(16), "another leader's");
        log.hold(GROUP, Hold { backup: 1, after: 17, keep: MINUTE });
        purge(&log, 40, 2);
        assert_eq!((first(&log), log.state(GROUP).purged.unwrap().0), (None, 40), "beyond the end");
    }
}
