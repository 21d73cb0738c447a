//! A small file system of one node, which can be full.

use anyhow::ensure;
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// In memory; it goes away with this value.
pub(super) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// # Errors
    /// Nothing can be mounted here.
    pub(super) fn mount(mib: u64) -> anyhow::Result<SmallDisk> {
        let folder = tempfile::tempdir()?;
        let size = format!("size={mib}m");
        let output =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output()?;
        ensure!(output.status.success(), "mount: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(SmallDisk(folder))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Takes all the space there is.
    pub(super) fn fill(&self) -> anyhow::Result<()> {
        let mut file = File::create(self.filler())?;
        let mut piece = vec![7_u8; 1 << 20];
        while !piece.is_empty() {
            if file.write_all(&piece).is_err() {
                piece.truncate(piece.len() / 2);
            }
        }
        Ok(())
    }

    /// Gives it back.
    pub(super) fn clear(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.filler())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever still has a file open keeps it until then.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
