//! The backups of a folder, and how they follow each other.

use super::{
    frames::{damaged, sync},
    manifest::{self, Kind, Manifest, Rows, write_json},
};
use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

const LOCK: &str = "LOCK";
const UNFINISHED: &str = "unfinished.json";

/// A folder of backups.
pub struct Folder {
    dir: PathBuf,
}

/// What is known of a backup that is not finished.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unfinished {
    pub kind: Kind,
    pub backup: String,
    pub cluster_id: String,
    pub began_ms: u64,
    /// What the meta group had agreed on when it began.
    pub state_before: String,
}

impl Folder {
    /// One that may not be there yet.
    pub fn at(dir: &Path) -> Folder {
        Folder { dir: dir.to_owned() }
    }

    /// Of a backup.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The names of what look like backups, oldest first: those that are finished, and those that are not.
    pub fn names(&self) -> anyhow::Result<(Vec<String>, Vec<String>)> {
        let (mut finished, mut unfinished) = (vec![], vec![]);
        let listed =
            fs::read_dir(&self.dir).with_context(|| format!("cannot read {}", self.dir.display()))?;
        for entry in listed {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if entry.path().join(UNFINISHED).exists() {
                unfinished.push(name);
            } else if entry.path().join(manifest::FILE).exists() || looks_like_one(&name) {
                finished.push(name);
            }
        }
        finished.sort();
        unfinished.sort();
        Ok((finished, unfinished))
    }

    /// One of the finished.
    pub fn read(&self, name: &str) -> anyhow::Result<Manifest> {
        let manifest = Manifest::read(&self.path(name))?;
        match manifest.name == name {
            true => Ok(manifest),
            false => Err(damaged(&self.path(name).join(manifest::FILE), "it is of another backup")),
        }
    }

    /// The finished ones, oldest first.
    pub fn all(&self) -> anyhow::Result<Vec<Manifest>> {
        self.names()?.0.iter().map(|name| self.read(name)).collect()
    }

    /// Makes the folder where it is missing. Nobody else makes a backup in it as long as the file is held.
    pub fn lock(&self) -> anyhow::Result<File> {
        let failed = || format!("cannot write to {}", self.dir.display());
        fs::create_dir_all(&self.dir).with_context(failed)?;
        let file = File::create(self.dir.join(LOCK)).with_context(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => bail!("another backup is being made in {}", self.dir.display()),
            Err(TryLockError::Error(error)) => Err(error).with_context(failed),
        }
    }

    /// The newest one of a cluster.
    pub fn newest(&self, cluster_id: &str) -> anyhow::Result<Option<Manifest>> {
        for name in self.names()?.0.iter().rev() {
            let one = self.read(name)?;
            if one.cluster_id == cluster_id {
                return Ok(Some(one));
            }
        }
        Ok(None)
    }

    /// Gives one that is not finished another name.
    pub fn rename(&self, from: &str, to: &str) -> anyhow::Result<()> {
        let (from, to) = (self.path(from), self.path(to));
        fs::rename(&from, &to).with_context(|| format!("cannot make {}", to.display()))
    }

    /// A backup and those it goes on from, the full one first.
    pub fn chain(&self, last: Manifest) -> anyhow::Result<Vec<Manifest>> {
        let mut chain = vec![last];
        while let Some(parent) = chain[chain.len() - 1].parent.clone() {
            let child = &chain[chain.len() - 1];
            let needed = || format!("backup {} goes on from {parent}", child.name);
            let parent = self.read(&parent).with_context(needed)?;
            if parent.backup != child.backup || parent.name >= child.name {
                bail!("backup {} does not go on from {}", child.name, parent.name);
            }
            chain.push(parent);
        }
        chain.reverse();
        match chain[0].kind {
            Kind::Full => Ok(chain),
            Kind::Incremental => Err(anyhow!("backup {} has no full one before it", chain[0].name)),
        }
    }

    /// The folder of a new backup.
    pub fn begin(&self, name: &str, what: &Unfinished) -> anyhow::Result<PathBuf> {
        let dir = self.path(name);
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        write_json(&dir, UNFINISHED, what)?;
        sync(&self.dir)?;
        Ok(dir)
    }

    /// A full backup of that cluster which can be gone on with; what else is unfinished here is removed.
    pub fn unfinished(&self, cluster_id: &str) -> anyhow::Result<Option<(String, Unfinished)>> {
        let mut found = None;
        for name in self.names()?.1 {
            let dir = self.path(&name);
            let told: Option<Unfinished> = read_json(&dir, UNFINISHED);
            let goes_on = |told: &Unfinished| told.kind == Kind::Full && told.cluster_id == cluster_id;
            match told.filter(goes_on) {
                Some(told) if found.is_none() => found = Some((name, told)),
                _ => fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?,
            }
        }
        Ok(found)
    }
}

/// Rows of a partition that an unfinished backup has, whole.
pub fn finished_rows(dir: &Path, partition: u16) -> Option<Rows> {
    let rows: Rows = read_json(dir, &rows_json(partition))?;
    let len = fs::metadata(dir.join(&rows.written.file)).ok()?.len();
    (len == rows.written.bytes).then_some(rows)
}

/// Keeps that a partition's rows are there.
pub fn keep_rows(dir: &Path, partition: u16, rows: &Rows) -> anyhow::Result<()> {
    write_json(dir, &rows_json(partition), rows)
}

/// The backup is finished: its manifest is there. What only an unfinished one has goes.
pub fn finish(dir: &Path, partitions: u16) -> anyhow::Result<()> {
    let aside = (1..=partitions).map(rows_json).chain([UNFINISHED.to_owned()]);
    for name in aside {
        let path = dir.join(name);
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    sync(dir)
}

fn rows_json(partition: u16) -> String {
    format!("{partition:03}.rows.json")
}

fn read_json<T: DeserializeOwned>(dir: &Path, name: &str) -> Option<T> {
    serde_json::from_slice(&fs::read(dir.join(name)).ok()?).ok()
}

/// A backup's name is a time: `20261129T004512.123Z`. One without a manifest has lost it.
fn looks_like_one(name: &str) -> bool {
    let (date, time) = name.split_once('T').unwrap_or_default();
    let digits = |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(date, 8) && time.ends_with('Z') && digits(time.split('.').next().unwrap_or_default(), 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_times() {
        assert!(looks_like_one("20261129T004512.123Z"));
        for other in ["", "lost+found", "2026T00Z", "20261129T004512", "x0261129T004512.123Z"] {
            assert!(!looks_like_one(other), "{other}");
        }
    }
}
