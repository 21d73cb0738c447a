//! `salamander backup`: a cluster's data into a folder while it serves, and a new cluster out of that.

use super::access::Access;
use crate::{
    backup::{Folder, Kind, Manifest, Plan, Restore, create, restore, time, verify},
    host::files,
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::{
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A chunk of a MiB is to be taken within `rest.write_timeout_ms`.
const RATE_MIN_MB: f64 = 0.1;

#[derive(Debug, Args)]
pub(super) struct Backup {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Backs a cluster up while it serves, one node or many. Can be interrupted and run again.
    Create {
        #[command(flatten)]
        access: Access,
        /// The folder of backups; each makes a folder in it. It has all that the cluster has: keep it as safe.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Only what was written since the newest backup there: any moment in between can be restored then.
        #[arg(long)]
        incremental: bool,
        /// With --incremental: again every so many seconds, until interrupted.
        #[arg(long, value_name = "SECONDS", requires = "incremental")]
        every: Option<u64>,
        /// Megabytes of rows a second, of a full backup; 0: as fast as it goes.
        #[arg(long, default_value_t = 0.0, value_name = "MB")]
        rate_mb: f64,
        /// For how long the nodes are to keep in their logs what the next incremental backup needs, as far as log.total_bytes allows.
        #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
        keep_log: u64,
    },
    /// Lists the backups of a folder.
    List {
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
    /// Reads all backups of a folder, or one, and says which files are damaged.
    Verify {
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        #[arg(long, value_name = "NAME")]
        backup: Option<String>,
    },
    /// Makes a data folder of a backup: that of one node, which founds a new cluster when it is started. Others join it.
    Restore {
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// The data folder; not there yet, or empty.
        #[arg(long, value_name = "NEW")]
        data: PathBuf,
        /// Which backup; else the newest.
        #[arg(long, value_name = "NAME")]
        backup: Option<String>,
        /// As everything was at this moment, such as 2026-11-29T12:00:00Z: after the first full backup, and before the end of the last
        /// incremental one.
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
    },
}

impl Backup {
    pub(super) fn run(self) -> anyhow::Result<()> {
        files::keep_private();
        match self.command {
            Command::Create { access, to, incremental, every, rate_mb, keep_log } => {
                if rate_mb != 0.0 && !(RATE_MIN_MB..1e6).contains(&rate_mb) {
                    bail!(
                        "--rate-mb {rate_mb}: {RATE_MIN_MB} at the least, as a node gives a slower reader up; or 0"
                    );
                }
                let plan = Plan { to, incremental, rate_mb, keep: Duration::from_secs(keep_log) };
                make(&access, &plan, every.map(Duration::from_secs))
            }
            Command::List { from } => list(&from),
            Command::Verify { from, backup } => check(&from, backup.as_deref()),
            Command::Restore { from, data, backup, until } => {
                let until_ms = until.map(|until| u64::try_from(until.as_millisecond())).transpose()?;
                put(&Restore { from, backup, until_ms, data })
            }
        }
    }
}

fn make(access: &Access, plan: &Plan, every: Option<Duration>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let options = access.agreed().await?;
        loop {
            let began = Instant::now();
            let made = create(&access.grpc, &options, plan).await?;
            writeln!(std::io::stdout(), "{}", told(&made, began.elapsed()))?;
            let Some(every) = every else { return Ok(()) };
            tokio::time::sleep(every.saturating_sub(began.elapsed())).await;
        }
    })
}

fn told(made: &Manifest, took: Duration) -> String {
    let (bytes, entries) = made.contents();
    let (mb, seconds) = (bytes as f64 / 1e6, took.as_secs_f64().max(1e-3));
    let rows = match made.kind {
        Kind::Full => {
            format!("{} resources, {mb:.1} MB of rows ({:.0} MB/s), ", made.resources(), mb / seconds)
        }
        Kind::Incremental => String::new(),
    };
    format!(
        "backup {} has everything until {}: {rows}{entries} entries of logs; packed in {:.1} MB, in {seconds:.1} s",
        made.name,
        time(made.until_ms),
        made.bytes() as f64 / 1e6,
    )
}

fn list(from: &Path) -> anyhow::Result<()> {
    let folder = Folder::at(from);
    let (finished, unfinished) = folder.names()?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:<22} {:<12} {:<25} {:>11} {:>11} {:>9}",
        "backup", "kind", "until", "packed", "resources", "entries"
    )?;
    for name in finished {
        match folder.read(&name) {
            Ok(one) => writeln!(out, "{}", line(&one))?,
            Err(error) => writeln!(out, "{name:<22} {error:#}")?,
        }
    }
    for name in unfinished {
        writeln!(out, "{name:<22} unfinished: the next create of that cluster goes on with it")?;
    }
    Ok(())
}

fn line(one: &Manifest) -> String {
    let (kind, resources) = match one.kind {
        Kind::Full => ("full", one.resources().to_string()),
        Kind::Incremental => ("incremental", String::new()),
    };
    let (mb, entries) = (one.bytes() as f64 / 1e6, one.contents().1);
    format!(
        "{:<22} {kind:<12} {:<25} {mb:>8.1} MB {resources:>11} {entries:>9}",
        one.name,
        time(one.until_ms)
    )
}

fn check(from: &Path, only: Option<&str>) -> anyhow::Result<()> {
    let folder = Folder::at(from);
    let names = match only {
        Some(name) => vec![name.to_owned()],
        None => folder.names()?.0,
    };
    if names.is_empty() {
        bail!("{} has no backups", from.display());
    }
    let mut wrong = 0;
    for name in &names {
        let problems = problems(&folder, name);
        let mut out = std::io::stdout().lock();
        match problems.is_empty() {
            true => writeln!(out, "{name}: whole")?,
            false => problems.iter().try_for_each(|problem| writeln!(out, "{name}: {problem:#}"))?,
        }
        wrong += problems.len();
    }
    match wrong {
        0 => Ok(()),
        _ => bail!("{wrong} files of {} backups are damaged or missing", names.len()),
    }
}

fn problems(folder: &Folder, name: &str) -> Vec<anyhow::Error> {
    let manifest = match folder.read(name) {
        Ok(manifest) => manifest,
        Err(error) => return vec![error],
    };
    let parent = match manifest.parent.as_ref().map(|parent| folder.read(parent)).transpose() {
        Ok(parent) => parent,
        Err(error) => return vec![error.context("the backup that it goes on from")],
    };
    verify(&folder.path(name), &manifest, parent.as_ref())
}

fn put(plan: &Restore) -> anyhow::Result<()> {
    let began = Instant::now();
    let done = restore(plan).with_context(|| format!("nothing was restored to {}", plan.data.display()))?;
    let (mb, seconds) = (done.row_bytes as f64 / 1e6, began.elapsed().as_secs_f64().max(1e-3));
    Ok(writeln!(
        std::io::stdout(),
        "{} has everything until {} of backup {}: {} rows, {mb:.1} MB, and {} entries behind them, in {seconds:.1} s ({:.0} MB/s); \
         salamander start --data {} founds a new cluster with it",
        plan.data.display(),
        time(done.until_ms),
        done.name,
        done.rows,
        done.entries,
        mb / seconds,
        plan.data.display(),
    )?)
}
