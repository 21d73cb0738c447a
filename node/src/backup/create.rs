//! A backup of a running cluster, in this order, on which its consistency rests (`cluster/src/backup/cut.rs`):
//!
//! 1. Rows of each partition, from one view each; meanwhile the logs behind them.
//! 2. When all are there, each log to where it is then: what was acknowledged before is in, whatever becomes of the rest.
//! 3. Each log again, for what came by the clocks no later than the end of the second step; and once more, for what that rests on.
//!
//! An incremental backup begins with the second step, behind the cut of the one before.

use super::{
    Folder, Kind, Manifest,
    folder::{self, Unfinished},
    manifest::{Part, Rows, state_to, time},
    rows::{self, Pace},
    shipping::{Following, Position, Shipping},
    source::{Failed, Seen, Source},
};
use anyhow::{Context, anyhow, bail};
use client::{Options, api};
use cluster::backup::Base;
use jiff::Timestamp;
use proto::PartitionId;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// Logs are kept for a backup that does not go on for so long: it can be interrupted, and run again.
const HELD: Duration = Duration::from_secs(15 * 60);

/// What to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The folder of backups.
    pub to: PathBuf,
    /// Only what was logged since the newest one there.
    pub incremental: bool,
    /// Megabytes of rows a second; 0: as fast as it goes.
    pub rate_mb: f64,
    /// For so long the nodes are to keep what follows in their logs.
    pub keep: Duration,
}

/// Makes a backup of the cluster at `url`. Says on stderr how far it is.
///
/// # Errors
/// What cannot be read or written. What was done is gone on with by the next one.
pub async fn create(url: &str, options: &Options, plan: &Plan) -> anyhow::Result<Manifest> {
    let source = Arc::new(Source::new(url, options)?);
    let seen = source.look().await?;
    let folder = Folder::at(&plan.to);
    let _lock = folder.lock()?;
    let mut work = Work::begin(&folder, source, seen, plan)?;
    let shipping = match &work.parent {
        None => work.copy_rows(plan).await?,
        Some(parent) => {
            let mut shipping = work.shipping();
            parent.partitions.iter().for_each(|part| shipping.add(part.partition, part.cut));
            shipping
        }
    };
    work.end(shipping, plan).await
}

/// A backup that is being made.
struct Work {
    source: Arc<Source>,
    dir: PathBuf,
    manifest: Manifest,
    parent: Option<Manifest>,
    hold: api::BackupHold,
    partitions: u16,
    rows: BTreeMap<u16, Rows>,
}

impl Work {
    fn begin(folder: &Folder, source: Arc<Source>, seen: Seen, plan: &Plan) -> anyhow::Result<Work> {
        let left = folder.unfinished(&seen.state.cluster_id)?;
        let parent = match plan.incremental {
            true => Some(parent(folder, &seen.state.cluster_id)?),
            false => None,
        };
        let (name, what) = match (&parent, left) {
            // A full one that was interrupted stays as it is.
            (Some(parent), _) => after(parent, new(&seen))?,
            (None, Some((left, what))) => {
                // Names are in the order of the moments.
                let name = new(&seen).0;
                eprintln!("going on with {left}, as {name}");
                folder.rename(&left, &name)?;
                (name, what)
            }
            (None, None) => new(&seen),
        };
        let dir = folder.begin(&name, &what)?;
        let partitions = seen.state.partitions as u16;
        let kept = |id| Some((id, folder::finished_rows(&dir, id)?));
        let rows = (1..=partitions).filter_map(kept).collect();
        let hold = api::BackupHold {
            backup: u64::from_str_radix(&what.backup, 16).context("the name of an unfinished backup")?,
            keep_ms: HELD.as_millis() as u64,
        };
        let manifest = Manifest {
            parent: parent.as_ref().map(|parent| parent.name.clone()),
            backup: what.backup,
            cluster_id: what.cluster_id,
            began_ms: what.began_ms,
            state_before: what.state_before,
            ..Manifest::begin(name, what.kind)
        };
        Ok(Work { source, dir, manifest, parent, hold, partitions, rows })
    }

    fn shipping(&self) -> Shipping {
        Shipping::new(self.source.clone(), &self.dir, self.hold)
    }

    /// The first step.
    async fn copy_rows(&mut self, plan: &Plan) -> anyhow::Result<Shipping> {
        let mut shipping = self.shipping();
        let kept: Vec<(u16, u64)> = self.rows.iter().map(|(id, rows)| (*id, rows.index)).collect();
        for (id, index) in kept {
            shipping.add(id, index);
            if let Err(failed) = shipping.ship(id, &mut |_| ()).await {
                let Failed::Gap(gap) = failed else { return Err(told(failed)) };
                eprintln!("partition {id} is copied again: {gap}");
                shipping.remove(id);
                self.rows.remove(&id);
            }
        }
        let following = Following::start(shipping);
        let mut pace = Pace::new(plan.rate_mb);
        for id in 1..=self.partitions {
            if self.rows.contains_key(&id) {
                continue;
            }
            if following.failed() {
                break;
            }
            let began = Instant::now();
            let at = (self.dir.as_path(), id);
            let begun = |after| following.begin(id, after);
            let rows = rows::copy(&self.source, at, self.hold, &mut pace, &begun).await?;
            folder::keep_rows(&self.dir, id, &rows)?;
            let (count, mb) = (rows.rows, rows.row_bytes as f64 / 1e6);
            let rate = mb / began.elapsed().as_secs_f64().max(1e-3);
            eprintln!(
                "partition {id} of {}: {count} rows, {mb:.1} MB ({:.1} MB packed), {rate:.0} MB/s",
                self.partitions,
                rows.written.bytes as f64 / 1e6
            );
            self.rows.insert(id, rows);
        }
        following.end().await.map_err(told)
    }

    /// The second and the third step, and the manifest.
    async fn end(mut self, mut shipping: Shipping, plan: &Plan) -> anyhow::Result<Manifest> {
        let mut least: BTreeMap<u16, Position> = BTreeMap::new();
        for id in 1..=self.partitions {
            least.insert(id, shipping.ship(id, &mut |_| ()).await.map_err(told)?);
        }
        let until_ms = least.values().map(|position| position.now_ms).max().unwrap_or_default();
        let mut cut = BTreeMap::new();
        for (id, position) in &least {
            let mut base = Base::new(position.index, until_ms);
            shipping.ship(*id, &mut |entry| base.see(entry)).await.map_err(told)?;
            cut.insert(PartitionId(*id), base.index());
        }
        for id in 1..=self.partitions {
            shipping.ship(id, &mut |_| ()).await.map_err(told)?;
        }
        shipping.story.complete(&mut cut);
        let seen = self.source.look().await?;
        if seen.state.cluster_id != self.manifest.cluster_id {
            bail!("another cluster answers now than when the backup began");
        }
        for (id, cut) in &cut {
            // What the next one would be without, it says itself.
            let _ = shipping.keep(id.0, *cut, plan.keep).await;
        }
        let mut logs = shipping.finish()?;
        self.manifest.partitions = cut
            .into_iter()
            .map(|(id, cut)| {
                let (rows, log) = (self.rows.remove(&id.0), logs.remove(&id.0));
                Part { partition: id.0, rows, log, least: least[&id.0].index, cut }
            })
            .collect();
        self.manifest.until_ms = until_ms;
        self.manifest.ended_ms = Timestamp::now().as_millisecond().unsigned_abs();
        self.manifest.state = state_to(&seen.encoded);
        let manifest = self.manifest.write(&self.dir)?;
        folder::finish(&self.dir, self.partitions)?;
        Ok(manifest)
    }
}

/// The name of a full backup that begins now, and what is known of it.
fn new(seen: &Seen) -> (String, Unfinished) {
    let began_ms = Timestamp::now().as_millisecond().unsigned_abs();
    let what = Unfinished {
        kind: Kind::Full,
        backup: format!("{:016x}", rand::random::<u64>()),
        cluster_id: seen.state.cluster_id.clone(),
        began_ms,
        state_before: state_to(&seen.encoded),
    };
    (time(began_ms).replace(['-', ':'], ""), what)
}

/// The same of an incremental one.
fn after(parent: &Manifest, (name, what): (String, Unfinished)) -> anyhow::Result<(String, Unfinished)> {
    if parent.name >= name {
        bail!("the clock here says {name}, and the newest backup is {}", parent.name);
    }
    let (backup, state_before) = (parent.backup.clone(), parent.state.clone());
    Ok((name, Unfinished { kind: Kind::Incremental, backup, state_before, ..what }))
}

/// What an incremental backup goes on from.
fn parent(folder: &Folder, cluster_id: &str) -> anyhow::Result<Manifest> {
    let none =
        || anyhow!("there is no backup of this cluster yet that one could go on from: make a full one");
    folder.newest(cluster_id)?.ok_or_else(none)
}

fn told(failed: Failed) -> anyhow::Error {
    match failed {
        Failed::Other(error) => error,
        Failed::Gap(gap) => {
            anyhow!(
                "{gap}: what was written since the last backup is not in any log any more, so that none can go on from it; make a \
                 full one, and the next ones sooner"
            )
        }
    }
}
