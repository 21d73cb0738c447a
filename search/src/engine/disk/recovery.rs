//! What the index folder holds at start, and whether it can be trusted.
//!
//! The index is a cache: where anything is doubtful it is thrown away and rebuilt from the partitions' feeds.

use super::directory::Unsynced;
use crate::engine::index::schema::{SORT, schema};
use crate::engine::options::Options;
use crate::engine::upto::{self, Upto};
use crate::error::{Error, Result};
use crate::kind::index::FORMAT;
use proto::id::PartitionId;
use rustc_hash::FxHashMap;
use std::fs;
use std::path::Path;
use tantivy::index::{IndexSortByField, Order};
use tantivy::store::Compressor;
use tantivy::{Index, IndexSettings};

const LAYOUT: &str = "LAYOUT";

/// What a start found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Per partition, the applied index the committed segments hold. A partition that is not named starts from 0.
    pub applied: FxHashMap<PartitionId, u64>,
    /// Why shards were thrown away, if any were.
    pub rebuilt: Vec<String>,
}

impl Recovered {
    /// What to replay a partition's feed after.
    pub fn index_of(&self, partition: PartitionId) -> u64 {
        self.applied.get(&partition).copied().unwrap_or_default()
    }
}

/// What the folder was written by: a format, a number of shards, and a boot of the machine.
struct Layout {
    written_by: String,
    boot: String,
}

impl Layout {
    fn of(options: &Options) -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let values = fhir::index::FORMAT_VERSION;
        let written_by = format!("format {FORMAT} values {values} shards {}", options.shards);
        Layout { written_by, boot: boot.trim().to_owned() }
    }

    fn read(dir: &Path) -> Option<Self> {
        let text = fs::read_to_string(dir.join(LAYOUT)).ok()?;
        let (written_by, boot) = text.trim_end().split_once("\nboot ")?;
        Some(Layout { written_by: written_by.to_owned(), boot: boot.to_owned() })
    }

    fn write(&self, dir: &Path) -> Result<()> {
        let path = dir.join(LAYOUT);
        fs::write(&path, format!("{}\nboot {}\n", self.written_by, self.boot)).map_err(Error::io(path))
    }
}

/// A shard's index, and how far it holds its partitions.
pub type Found = (Index, Vec<(PartitionId, Upto)>);

/// Opens the index of every shard under `dir`, rebuilding empty what cannot be trusted.
pub fn open(dir: &Path, options: &Options) -> Result<(Vec<Found>, Recovered)> {
    fs::create_dir_all(dir).map_err(Error::io(dir))?;
    let (now, before) = (Layout::of(options), Layout::read(dir));
    let mut recovered = Recovered::default();
    let fits = before.as_ref().is_some_and(|before| before.written_by == now.written_by);
    // After another boot, a power cut may have torn what was never synced.
    let rebooted = now.boot.is_empty() || before.as_ref().is_none_or(|before| before.boot != now.boot);
    if !fits {
        clear(dir, before.as_ref(), &mut recovered)?;
    }
    let mut indexes = Vec::with_capacity(options.shards);
    for shard in 0..options.shards {
        let path = dir.join(format!("shard-{shard}"));
        let found = match try_open(&path, rebooted) {
            Ok(found) => found,
            Err(reason) => {
                let reason = format!("shard {shard}: {reason}");
                tracing::warn!(reason, "rebuilding a search shard from the rows");
                recovered.rebuilt.push(reason);
                (create(&path)?, vec![])
            }
        };
        recovered.applied.extend(found.1.iter().map(|(partition, upto)| (*partition, upto.applied)));
        indexes.push(found);
    }
    now.write(dir)?;
    Ok((indexes, recovered))
}

/// Removes all shards of another layout.
fn clear(dir: &Path, before: Option<&Layout>, recovered: &mut Recovered) -> Result<()> {
    for entry in fs::read_dir(dir).map_err(Error::io(dir))? {
        let path = entry.map_err(Error::io(dir))?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("shard-")) {
            fs::remove_dir_all(&path).map_err(Error::io(&path))?;
        }
    }
    if let Some(before) = before {
        let reason = format!("the index was written by '{}'", before.written_by);
        tracing::warn!(reason, "rebuilding the search index from the rows");
        recovered.rebuilt.push(reason);
    }
    Ok(())
}

fn try_open(path: &Path, verify: bool) -> std::result::Result<Found, String> {
    if !path.exists() {
        return create(path).map(|index| (index, vec![])).map_err(|error| error.to_string());
    }
    let index = Unsynced::open(path).map_err(|error| error.to_string())?;
    let index = Index::open(index).map_err(|error| error.to_string())?;
    if index.schema() != schema().0 {
        return Err("another schema".to_owned());
    }
    if verify {
        let damaged = index.validate_checksum().map_err(|error| error.to_string())?;
        if !damaged.is_empty() {
            return Err(format!("{} damaged files, such as {:?}", damaged.len(), damaged.iter().next()));
        }
    }
    // Opens every segment once: a missing or short file shows here.
    index.reader().map_err(|error| error.to_string())?;
    let payload = index.load_metas().map_err(|error| error.to_string())?.payload.unwrap_or_default();
    Ok((index, upto::read(&payload)?))
}

fn create(path: &Path) -> Result<Index> {
    if path.exists() {
        fs::remove_dir_all(path).map_err(Error::io(path))?;
    }
    fs::create_dir_all(path).map_err(Error::io(path))?;
    let sort = IndexSortByField { field: SORT.to_owned(), order: Order::Asc };
    let settings = IndexSettings {
        sort_by_field: Some(sort),
        docstore_compression: Compressor::Lz4,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    };
    Ok(Index::create(Unsynced::open(path)?, schema().0, settings)?)
}
