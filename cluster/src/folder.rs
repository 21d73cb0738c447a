//! Space on the disk.

use std::io;
use std::path::Path;

pub(crate) struct DiskSpace {
    pub size_bytes: u64,
    /// That an ordinary process may still write.
    pub free_bytes: u64,
}

/// Of the disk of `path`.
pub(crate) fn space(path: &Path) -> io::Result<DiskSpace> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(DiskSpace {
        size_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
    })
}
