//! What is read of a running node.

use crate::cluster::Cluster;
use crate::kept::Hold;
use crate::threads;
use crate::transport::Pieces;
use bytes::Bytes;
use proto::PartitionId;
use std::io;
use storage::AppliedState;

/// Of entries that are read at once, but for the last one's.
const READ_BYTES: usize = 1 << 20;
/// Entries that are looked for together: large ones fill that soon.
const READ_STEP: u64 = 64;

impl Cluster {
    /// All rows of the replica here as they are now, in chunks that end with an empty one, and how far they are. What follows them in the
    /// log is kept for the backup. Where nothing is taken for a minute, the view is given up and the chunks end with an error.
    ///
    /// # Errors
    /// No replica, or rows that cannot be read.
    pub async fn backup_rows(
        &self,
        partition: PartitionId,
        backup: u64,
        keep: std::time::Duration,
    ) -> io::Result<(AppliedState, Pieces)> {
        let group = self.group(partition).ok_or(io::ErrorKind::NotFound)?;
        // Before the view is there: what is applied in between is kept as well.
        let after = group.partition.applied().index;
        self.kept.hold(group.raft.number(), Hold { backup, after, keep });
        group.raft.rows(group.partition.clone()).await
    }

    /// The records of entries that are applied here, from the one behind `after` to `upto`, counted from 1, or as many as are read at
    /// once, one at the least; `None` where the log does not go back so far.
    ///
    /// # Errors
    /// What cannot be read.
    pub async fn backup_entries(
        &self,
        partition: PartitionId,
        after: u64,
        upto: u64,
    ) -> io::Result<Option<Vec<Bytes>>> {
        let group = self.group(partition).ok_or(io::ErrorKind::NotFound)?;
        let (number, mut records, mut bytes) = (group.raft.number(), Vec::new(), 0);
        // The log counts from 0.
        let mut next = after;
        while next < upto && bytes < READ_BYTES {
            let (log, range) = (self.kept.clone(), next..upto.min(next + READ_STEP));
            let read = threads::elsewhere(move || storage::log::LogStore::read(&*log, number, range));
            let found = read.await.map_err(io::Error::other)??;
            if found.first().is_none_or(|(index, _)| *index != next) {
                return Ok(None);
            }
            for (_, record) in found {
                if bytes >= READ_BYTES {
                    break;
                }
                bytes += record.len();
                next += 1;
                records.push(record);
            }
        }
        Ok(Some(records))
    }

    /// Keeps what follows an entry of a partition's log here for a backup, or no longer where that is for no time at all.
    pub fn keep_log(&self, partition: PartitionId, hold: Hold) {
        if let Some(group) = self.group(partition) {
            self.kept.hold(group.raft.number(), hold);
        }
    }
}
