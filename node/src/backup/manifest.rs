//! What a backup has: `manifest.json`.

use super::{
    entries::Logged,
    frames::{Written, sync},
};
use anyhow::{Context, anyhow, bail};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use prost::Message;
use proto::log::v1::MetaState;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};
use xxhash_rust::xxh3::xxh3_64;

pub const FILE: &str = "manifest.json";
/// Raised where an older version would misread it.
const FORMAT: u32 = 1;

/// Whether a backup stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Full,
    /// It has what was logged since its parent.
    Incremental,
}

/// One backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The version that wrote it.
    pub salamander: String,
    /// Of its folder.
    pub name: String,
    pub kind: Kind,
    /// The backup before, where it is incremental.
    pub parent: Option<String>,
    /// The same of a full one and all that follow from it. Hexadecimal.
    pub backup: String,
    pub cluster_id: String,
    pub began_ms: u64,
    pub ended_ms: u64,
    /// The moment it is of: what was acknowledged before is in it. Milliseconds since the epoch, by the nodes' clocks.
    pub until_ms: u64,
    /// What the meta group agreed on before anything was read, and after everything was; base64. An incremental one has
    /// the state at the end of its parent first.
    pub state_before: String,
    pub state: String,
    /// In order.
    pub partitions: Vec<Part>,
    /// XXH3 of this file without it, hexadecimal.
    pub xxh3: String,
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub partition: u16,
    /// In a full backup.
    pub rows: Option<Rows>,
    /// Where there are entries.
    pub log: Option<Logged>,
    /// The last entry that must be there, whatever moment is restored.
    pub least: u64,
    /// The last entry that the backup has. There may be more in the log.
    pub cut: u64,
}

/// The rows of one partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    #[serde(flatten)]
    pub written: Written,
    /// The last entry that they have.
    pub index: u64,
    pub rows: u64,
    /// Of keys and values.
    pub row_bytes: u64,
    /// CRC-32C over all of them, hexadecimal.
    pub row_crc32c: String,
    /// Current resources.
    pub resources: u64,
}

impl Manifest {
    /// What a new one begins with.
    pub fn begin(name: String, kind: Kind) -> Manifest {
        Manifest {
            format: FORMAT,
            salamander: env!("CARGO_PKG_VERSION").to_owned(),
            name,
            kind,
            parent: None,
            backup: String::new(),
            cluster_id: String::new(),
            began_ms: 0,
            ended_ms: 0,
            until_ms: 0,
            state_before: String::new(),
            state: String::new(),
            partitions: vec![],
            xxh3: String::new(),
        }
    }

    /// Writes it; it is on the disk then.
    pub fn write(mut self, dir: &Path) -> anyhow::Result<Manifest> {
        self.xxh3 = self.checksum()?;
        write(dir, FILE, &text(&self)?)?;
        Ok(self)
    }

    /// Reads that of a backup.
    ///
    /// # Errors
    /// A file that is not as it was written, or of a newer version.
    pub fn read(dir: &Path) -> anyhow::Result<Manifest> {
        let path = dir.join(FILE);
        let damaged = |reason: String| anyhow!("{} is damaged: {reason}", path.display());
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let stored = String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let format: Format = serde_json::from_str(&stored).map_err(|error| damaged(error.to_string()))?;
        if format.format > FORMAT {
            bail!(
                "{} is of format {}, and this version reads {FORMAT}: use a newer one",
                path.display(),
                format.format
            );
        }
        let manifest: Manifest = serde_json::from_str(&stored).map_err(|error| damaged(error.to_string()))?;
        if manifest.xxh3 != manifest.checksum()? || text(&manifest)? != stored {
            return Err(damaged("its checksum is another one".to_owned()));
        }
        Ok(manifest)
    }

    fn checksum(&self) -> anyhow::Result<String> {
        let bare = Manifest { xxh3: String::new(), ..self.clone() };
        Ok(format!("{:016x}", xxh3_64(text(&bare)?.as_bytes())))
    }

    /// Of all its files but this one.
    pub fn bytes(&self) -> u64 {
        let files = |part: &Part| {
            part.rows.as_ref().map_or(0, |rows| rows.written.bytes)
                + part.log.as_ref().map_or(0, |log| log.written.bytes)
        };
        self.partitions.iter().map(files).sum()
    }

    /// Current resources in its rows, without what its log changes.
    pub fn resources(&self) -> u64 {
        self.partitions.iter().filter_map(|part| part.rows.as_ref()).map(|rows| rows.resources).sum()
    }

    /// Keys and values of its rows, and how many entries it has behind them.
    pub fn contents(&self) -> (u64, u64) {
        let rows = self.partitions.iter().filter_map(|part| part.rows.as_ref());
        let logs = self.partitions.iter().filter_map(|part| part.log.as_ref());
        (rows.map(|rows| rows.row_bytes).sum(), logs.map(|log| log.last + 1 - log.first).sum())
    }
}

/// For the manifest.
pub fn state_to(state: &[u8]) -> String {
    BASE64_STANDARD.encode(state)
}

/// From it.
pub fn state_from(text: &str) -> anyhow::Result<MetaState> {
    Ok(MetaState::decode(BASE64_STANDARD.decode(text)?.as_slice())?)
}

/// A moment as people read it, and as `--until` takes it.
pub fn time(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| ms.to_string(), |time| format!("{time:.3}"))
}

fn text(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// A small file of JSON, as a whole or not at all.
pub fn write_json(dir: &Path, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
    write(dir, name, &text(value)?)
}

fn write(dir: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let (path, making) = (dir.join(name), dir.join(format!("{name}.tmp")));
    let done = (|| {
        let mut out = File::create(&making)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        fs::rename(&making, &path)
    })();
    done.with_context(|| format!("cannot write {}", path.display()))?;
    sync(dir)
}
