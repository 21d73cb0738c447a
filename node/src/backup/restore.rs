//! A data folder of a new cluster, made of a backup: rows, then the entries behind them up to a cut.

use super::{
    Folder, Manifest, entries,
    frames::{Reader, sync},
    manifest::{Part, state_from, time},
    tenants,
};
use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use cluster::{
    DiskFolder, Entropy, MetaState,
    backup::{Base, Founder, Story, found},
};
use fhir::definitions::ResourceType;
use proto::{PartitionId, TenantId, log::v1::MetaWalk};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    thread,
};
use storage::{
    Entry, Partition, Store,
    log::{LogStore, Wal},
};

/// Partitions that are put at a time.
const AT_A_TIME: usize = 4;
/// Entries that are applied at a time.
const SLICE: usize = 128;
/// In a folder that is not a node's yet.
const MARK: &str = "RESTORING";
/// The id that a node has where nothing else is said.
const NODE_ID: u64 = 1;
/// How many partitions a node has where nothing else is said.
const PARTITIONS: u32 = 16;

/// What to do.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The folder of backups.
    pub from: PathBuf,
    /// Which one; `None`: the newest, or the first that has the moment.
    pub backup: Option<String>,
    /// Milliseconds since the epoch; `None`: all that the backup has.
    pub until_ms: Option<u64>,
    /// Of the new node; not there yet, or empty.
    pub data: PathBuf,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The backup.
    pub name: String,
    pub until_ms: u64,
    pub rows: u64,
    pub row_bytes: u64,
    /// Applied, behind the rows.
    pub entries: u64,
}

/// Makes the data folder, which `salamander start` begins with as the founder of a new cluster. It gets its name when all of it is there.
/// Blocks.
///
/// # Errors
/// A folder that is not empty, a backup that is damaged or does not have the moment, what cannot be written. Nothing is at `data` then.
pub fn restore(plan: &Restore) -> anyhow::Result<Restored> {
    let making = room_for(&plan.data)?;
    let folder = Folder::at(&plan.from);
    let chain = folder.chain(chosen(&folder, plan)?)?;
    let last = &chain[chain.len() - 1];
    let cut = cut(&folder, &chain, plan.until_ms)?;
    fs::create_dir_all(&making).with_context(|| format!("cannot make {}", making.display()))?;
    fs::write(making.join(MARK), "salamander backup restore\n")?;
    let until_ms = plan.until_ms.unwrap_or(u64::MAX);
    let restored = fill(&making, &folder, &chain, &cut, until_ms)?;
    fs::remove_file(making.join(MARK))?;
    sync(&making)?;
    if plan.data.exists() {
        fs::remove_dir(&plan.data).with_context(|| format!("cannot replace {}", plan.data.display()))?;
    }
    fs::rename(&making, &plan.data).with_context(|| format!("cannot make {}", plan.data.display()))?;
    sync(parent_of(&plan.data))?;
    let until_ms = plan.until_ms.unwrap_or(last.until_ms);
    Ok(Restored { name: last.name.clone(), until_ms, ..restored })
}

/// Where the folder is made. What an interrupted one left there goes.
fn room_for(data: &Path) -> anyhow::Result<PathBuf> {
    if data.exists() && fs::read_dir(data).with_context(|| data.display().to_string())?.next().is_some() {
        bail!("{} is not empty: a backup is restored into a new folder", data.display());
    }
    let name = data.file_name().ok_or_else(|| anyhow!("{} is no name for a folder", data.display()))?;
    let mut making = name.to_owned();
    making.push(".restoring");
    let making = parent_of(data).join(making);
    if making.exists() {
        if !making.join(MARK).exists() {
            bail!("{} is in the way, and no restore made it", making.display());
        }
        fs::remove_dir_all(&making).with_context(|| format!("cannot remove {}", making.display()))?;
    }
    Ok(making)
}

fn parent_of(data: &Path) -> &Path {
    data.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The backup that has what is asked for.
fn chosen(folder: &Folder, plan: &Restore) -> anyhow::Result<Manifest> {
    if let Some(name) = &plan.backup {
        let one = folder.read(name)?;
        return match plan.until_ms {
            Some(until_ms) if until_ms > one.until_ms => {
                bail!("backup {name} ends at {}", time(one.until_ms))
            }
            _ => Ok(one),
        };
    }
    let all = folder.all()?;
    let Some(newest) = all.last() else { bail!("{} has no backups", plan.from.display()) };
    if all.iter().any(|one| one.cluster_id != newest.cluster_id) {
        bail!("{} has backups of several clusters: name one by --backup", plan.from.display());
    }
    let Some(until_ms) = plan.until_ms else { return Ok(newest.clone()) };
    match all.iter().find(|one| one.until_ms >= until_ms && one.parent.is_some()) {
        Some(one) => Ok(one.clone()),
        None => match all.iter().find(|one| one.until_ms == until_ms) {
            Some(one) => Ok(one.clone()),
            None => bail!(
                "no incremental backup has {}: full ones are of one moment, and the last one is of {}",
                time(until_ms),
                time(newest.until_ms)
            ),
        },
    }
}

/// The last entry of each partition.
fn cut(
    folder: &Folder,
    chain: &[Manifest],
    until_ms: Option<u64>,
) -> anyhow::Result<BTreeMap<PartitionId, u64>> {
    let (full, last) = (&chain[0], &chain[chain.len() - 1]);
    let ends = last.partitions.iter().map(|part| (PartitionId(part.partition), part.cut)).collect();
    let Some(until_ms) = until_ms.filter(|until_ms| *until_ms < last.until_ms) else { return Ok(ends) };
    if until_ms < full.until_ms {
        bail!("the first moment that backup {} has is {}", full.name, time(full.until_ms));
    }
    let (mut story, mut cut) = (Story::default(), BTreeMap::new());
    for part in &full.partitions {
        let id = PartitionId(part.partition);
        let end = ends.get(&id).copied().unwrap_or_default();
        let mut base = Base::new(part.least, until_ms);
        each_entry(folder, chain, part.partition, 0, &mut |entry| {
            if entry.index <= end {
                story.tell(id, &entry);
                base.see(&entry);
            }
            Ok(())
        })?;
        cut.insert(id, base.index());
    }
    story.complete(&mut cut);
    Ok(cut)
}

/// Shows the entries of a partition behind one, of all backups of a chain, each once and without a gap.
fn each_entry(
    folder: &Folder,
    chain: &[Manifest],
    partition: u16,
    after: u64,
    see: &mut dyn FnMut(Entry) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut last = after;
    for manifest in chain {
        let part = manifest.partitions.iter().find(|part| part.partition == partition);
        let Some(log) = part.and_then(|part| part.log.as_ref()) else { continue };
        entries::each(&folder.path(&manifest.name), log, &mut |entry| {
            if entry.index <= last {
                return Ok(());
            }
            if last > 0 && entry.index != last + 1 {
                bail!("the log of partition {partition} has a gap before backup {}", manifest.name);
            }
            last = entry.index;
            see(entry)
        })?;
    }
    Ok(())
}

/// Tables, log and the state of the meta group.
fn fill(
    making: &Path,
    folder: &Folder,
    chain: &[Manifest],
    cut: &BTreeMap<PartitionId, u64>,
    until_ms: u64,
) -> anyhow::Result<Restored> {
    let last = &chain[chain.len() - 1];
    let mut state = agreed(last)?;
    let partitions = state.partitions as u16;
    let store = Store::open(making, &storage::Options::default())?;
    let restored = fill_all(&store, folder, chain, cut)?;
    tenants::at_the_moment(&state_from(&last.state_before)?, &mut state, until_ms, &mut |tenant| {
        let mut all = (1..=partitions).map(PartitionId);
        all.try_fold(false, |found, id| Ok(found || store.partition(id)?.has_dropped(TenantId(tenant))?))
    })?;
    let log = Wal::open(&making.join("log"), &storage::log::Options::default())?;
    let dir = making.join("cluster");
    let meta = DiskFolder::open(&dir)?;
    if state.partitions != PARTITIONS {
        // The new node is to find it without being told; joining ones hear it from that.
        let text = format!("[storage]\npartitions = {}\n", state.partitions);
        fs::write(making.join("salamander.toml"), text)?;
    }
    let (entropy, node_id) = (Entropy::system(), NODE_ID);
    let founder = Founder { store: &store, log: &log, folder: &meta, dir: &dir, entropy: &entropy, node_id };
    found(&founder, state)?;
    log.close();
    Ok(restored)
}

/// All partitions, some at a time.
fn fill_all(
    store: &Store,
    folder: &Folder,
    chain: &[Manifest],
    cut: &BTreeMap<PartitionId, u64>,
) -> anyhow::Result<Restored> {
    let parts = &chain[0].partitions;
    let (next, entries) = (AtomicUsize::new(0), AtomicU64::new(0));
    let work = || -> anyhow::Result<()> {
        while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let id = PartitionId(part.partition);
            let rows = store.partition(id)?;
            let end = cut.get(&id).copied().unwrap_or_default();
            let applied = fill_one(&rows, folder, chain, part, end);
            let applied = applied.inspect_err(|_| next.store(parts.len(), Ordering::Relaxed))?;
            entries.fetch_add(applied, Ordering::Relaxed);
            eprintln!("{id} of {}: {applied} entries behind its rows", parts.len());
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(AT_A_TIME);
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        all.into_iter().try_for_each(|one| one.join().map_err(|_| anyhow!("a thread panicked"))?)
    })?;
    let rows = || parts.iter().filter_map(|part| part.rows.as_ref());
    Ok(Restored {
        name: String::new(),
        until_ms: 0,
        rows: rows().map(|rows| rows.rows).sum(),
        row_bytes: rows().map(|rows| rows.row_bytes).sum(),
        entries: entries.into_inner(),
    })
}

/// Rows and entries of one partition; how many entries.
fn fill_one(
    rows: &Partition,
    folder: &Folder,
    chain: &[Manifest],
    part: &Part,
    end: u64,
) -> anyhow::Result<u64> {
    let full = &chain[0];
    let written = part.rows.as_ref().ok_or_else(|| anyhow!("backup {} has no rows", full.name))?;
    let mut reader = Reader::open(&folder.path(&full.name), &written.written)?;
    let mut import = rows.import()?;
    while let Some(chunk) = reader.frame()? {
        import.put(&Bytes::from(chunk)).map_err(|error| reader.damaged(&error.to_string()))?;
    }
    rows.install(import).map_err(|error| reader.damaged(&error.to_string()))?;
    let mut slice = Vec::with_capacity(SLICE);
    let mut applied = 0;
    each_entry(folder, chain, part.partition, written.index, &mut |entry| {
        if entry.index <= end {
            slice.push(entry);
            applied += 1;
        }
        if slice.len() == SLICE {
            rows.apply(&slice)?;
            slice.clear();
        }
        Ok(())
    })?;
    rows.apply(&slice)?;
    match rows.applied().index {
        index if index == end => Ok(applied),
        index => bail!("partition {} came to entry {index}, and the backup has {end}", part.partition),
    }
}

/// What the new cluster agrees on. Which search parameters' values the rows have is what the state at the end says, where nothing of it
/// changed while the backup was made; else rows are gone through again, under a number that none of them has.
fn agreed(last: &Manifest) -> anyhow::Result<MetaState> {
    let (before, mut state) = (state_from(&last.state_before)?, state_from(&last.state)?);
    if before.indexing != state.indexing {
        let types: Vec<u32> =
            (1..).map_while(ResourceType::from_code).map(|known| known.code().into()).collect();
        for own in &mut state.indexing {
            own.revision += 1;
            own.generation += 1;
            own.partitions.clear();
            own.walks = vec![MetaWalk { generation: own.generation, types: types.clone() }];
            for parameter in &mut own.parameters {
                (parameter.generation, parameter.serves) = (own.generation, false);
            }
        }
    }
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, manifest::state_to};
    use super::*;
    use prost::Message;
    use proto::log::v1::{MetaIndexing, MetaParameter, MetaPartitionIndexed};

    fn state(generation: u32, serves: bool) -> MetaState {
        let parameter = MetaParameter { number: 1024, generation, serves, ..MetaParameter::default() };
        let own = MetaIndexing {
            tenant: 1,
            revision: 3,
            generation,
            parameters: vec![parameter],
            partitions: vec![MetaPartitionIndexed { partition: 1, generation, permille: 0 }],
            ..MetaIndexing::default()
        };
        MetaState { partitions: 1, indexing: vec![own], ..MetaState::default() }
    }

    fn agreed_of(before: &MetaState, after: &MetaState) -> MetaState {
        let text = |state: &MetaState| state_to(&state.encode_to_vec());
        let manifest = Manifest {
            state_before: text(before),
            state: text(after),
            ..Manifest::begin("20261129T004512.123Z".to_owned(), Kind::Full)
        };
        agreed(&manifest).unwrap()
    }

    #[test]
    fn search_parameters_serve_where_none_changed_meanwhile() {
        assert_eq!(agreed_of(&state(2, true), &state(2, true)), state(2, true));
        let again = agreed_of(&state(1, true), &state(2, true));
        let own = &again.indexing[0];
        assert_eq!((own.generation, own.partitions.len()), (3, 0));
        assert_eq!((own.parameters[0].generation, own.parameters[0].serves), (3, false));
        assert!(own.walks[0].generation == 3 && own.walks[0].types.len() > 100);
    }

    #[test]
    fn room_is_made_beside_the_folder_and_nothing_is_in_its_way() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let making = room_for(&data).unwrap();
        assert_eq!(making, dir.path().join("data.restoring"));
        fs::create_dir(&making).unwrap();
        assert!(room_for(&data).unwrap_err().to_string().contains("in the way"));
        fs::write(making.join(MARK), "").unwrap();
        room_for(&data).unwrap();
        assert!(!making.exists(), "an interrupted one's");
        fs::create_dir(&data).unwrap();
        room_for(&data).unwrap();
        fs::write(data.join("mine"), "").unwrap();
        assert!(room_for(&data).unwrap_err().to_string().contains("is not empty"));
    }
}
