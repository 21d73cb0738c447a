//! `bench large`: whether the server stays as it is while its store grows to millions of resources.
//!
//! Loads generated patients, prints a row for each million, and holds the last against the first. The folder is
//! kept: the store, the server's log, and `progress.json`, from which the next run goes on.

mod answered;
mod codes;
mod load;
mod meter;
mod options;
mod probe;
mod progress;
mod row;
mod run;
mod sample;
mod table;
mod verdict;

pub use options::Options;

use crate::{machine::Machine, markdown, node::Node, usage};
use anyhow::{Context, Result, bail};
use progress::Progress;
use row::{Row, Setting};
use run::Run;
use std::{fs, path::Path};
use verdict::Verdict;

/// The server's data, in the folder that is kept.
const STORE: &str = "store";
const PROGRESS: &str = "progress.json";

/// Runs everything and prints it. Ten millions take minutes to an hour.
///
/// # Errors
/// What keeps it from being measured; or a bound that is missed.
pub async fn run(options: &Options, binary: &Path) -> Result<()> {
    let folder = options.folder()?;
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let progress = open(&folder, options.seed)?;
    let machine = Machine::look(&folder);
    let setting =
        Setting { run: progress.runs + 1, memory_bytes: options.memory, commit: machine.commit.clone() };
    let mut head = String::new();
    markdown::machine(&mut head, &machine);
    println!("{head}This is {}.\n\n{}\n\n{}", setting.describe(), probe::ABOUT, table::HEAD);
    progress.rows.iter().for_each(|row| println!("{}", table::line(row)));
    let (store, log) = (folder.join(STORE), folder.join("node.log"));
    let node = Node::start_with(binary, &store, &log, &options.environment()).await?;
    let (rows, end) = {
        let mut run = Run::begin(options, &node, &folder, progress, setting).await?;
        let end = run.rows().await?;
        (run.progress.rows, end)
    };
    let memory = usage::memory(node.pid())?;
    println!("\nThe server's memory at its peak: {} resident.", markdown::bytes(memory.peak_bytes));
    node.stop().await?;
    conclude(&rows, &end)
}

/// What is known of the folder. A new one gets its file before its store, so that a store without one is not ours.
fn open(folder: &Path, seed: u64) -> Result<Progress> {
    let file = folder.join(PROGRESS);
    let progress = Progress::open(&file, seed)?;
    if !file.exists() {
        if folder.join(STORE).exists() {
            bail!("{} holds a store without {PROGRESS}; remove it, or name another folder", folder.display());
        }
        progress.save(&file)?;
    }
    Ok(progress)
}

/// Prints the findings.
fn conclude(rows: &[Row], end: &Row) -> Result<()> {
    println!("\n| | found | bound | |\n|---|--:|---|---|");
    let findings = verdict::findings(rows, end);
    findings.iter().for_each(|finding| println!("{}", finding.line()));
    if let Some(first) = verdict::first_million(rows).filter(|first| first.setting != end.setting) {
        let (first, end) = (first.setting.describe(), end.setting.describe());
        println!("\nNot the same circumstances: the first million is of {first}, the end of {end}.");
    }
    let missed = findings.iter().filter(|finding| finding.verdict() == Verdict::Missed).count();
    if missed > 0 {
        bail!("{missed} of the bounds were missed");
    }
    Ok(())
}
