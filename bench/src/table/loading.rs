//! Bulk load through `salamander load`, what the node costs afterwards, searches on it, and how it starts again.

use super::{
    Run,
    input::{Input, count},
    searches, starts,
};
use crate::{
    markdown::{bytes, thousands},
    node::Node,
    process::Process,
    report::{Fact, Section},
    stored::{self, Expected},
    usage,
};
use anyhow::{Result, bail};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A load or a generation that takes longer than this is given up.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Background work (flush, compaction, segment commits) gets this long before idle is measured.
const SETTLE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(10);

const SEED: &str = "1";

/// Generates the patients asked for into a folder below the run's.
///
/// # Errors
/// The generator's.
pub(super) async fn generate(run: &Run<'_>) -> Result<PathBuf> {
    let folder = run.path("generated-files");
    let mut command = Command::new(&run.options.binary);
    command.args(["generate", "--patients", &run.options.generate.to_string(), "--seed", SEED, "--out"]);
    command.arg(&folder);
    finish(&mut command, &run.path("generate.log")).await?;
    Ok(folder)
}

/// Load and idle, search, start. `name` is the new store's folder.
pub(super) async fn sections(run: &Run<'_>, title: &str, name: &str, data: Result<PathBuf>) -> Vec<Section> {
    let about = "`salamander load` as a child process over gRPC, on a fresh store.";
    let mut loading = Section { title: title.to_owned(), about: about.to_owned(), ..Section::default() };
    let store = run.path(name);
    let loaded = async { load(run, &store, &data?, &mut loading.facts).await };
    let (node, expected) = match loaded.await {
        Ok(loaded) => loaded,
        Err(error) => {
            loading.facts.push(Fact::failed("load", &error));
            return vec![loading];
        }
    };
    let searches = searches::section(run, &node, &format!("Searches after {}", title.to_lowercase())).await;
    let starts =
        starts::loaded(run, node, &store, &expected, &format!("Starts after {}", title.to_lowercase())).await;
    vec![loading, searches, starts]
}

async fn load(run: &Run<'_>, store: &Path, data: &Path, facts: &mut Vec<Fact>) -> Result<(Node, Expected)> {
    let input = count(data)?;
    let node = run.start(store).await?;
    let empty = usage::memory(node.pid())?;
    let mut command = Command::new(&run.options.binary);
    command.args(["load", "--grpc", &node.grpc]).arg(data);
    let (started, before) = (Instant::now(), usage::cpu(node.pid())?);
    finish(&mut command, &run.path("load.log")).await?;
    let (elapsed, cpu) = (started.elapsed(), usage::cpu(node.pid())?.saturating_sub(before));
    let memory = usage::memory(node.pid())?;
    let expected = input.by_type();
    facts.extend(rates(&input, elapsed, cpu));
    facts.push(match stored::must_hold(&node, &expected).await {
        Ok(count) => Fact::new("stored", format!("{count} resources, by type as in the files")),
        Err(error) => Fact::failed("stored", &error),
    });
    let resident = [empty.resident_bytes, memory.resident_bytes, memory.peak_bytes].map(bytes);
    let [empty, after, peak] = &resident;
    facts.push(Fact::new(
        "memory, resident",
        format!("{empty} empty, {after} right after the load, {peak} at its peak"),
    ));
    facts.extend(idle(&node, store).await?);
    for fact in facts.iter() {
        eprintln!("{:44} {}", fact.name, fact.value);
    }
    Ok((node, expected))
}

fn rates(input: &Input, elapsed: Duration, cpu: Duration) -> [Fact; 4] {
    let (seconds, entries) = (elapsed.as_secs_f64(), input.entries as f64);
    let megabytes = input.bytes as f64 / 1e6;
    let per_entry = cpu.as_secs_f64() * 1e6 / entries.max(1.0);
    let of_a_core = cpu.as_secs_f64() / seconds * 100.0;
    [
        Fact::new(
            "input",
            format!("{} files, {} resources, {}", input.files, input.entries, bytes(input.bytes)),
        ),
        Fact::new("time", format!("{seconds:.2} s")),
        Fact::new(
            "rate",
            format!("{} resources/s, {:.1} MB/s", thousands(entries / seconds), megabytes / seconds),
        ),
        Fact::new("server CPU", format!("{per_entry:.0} µs per resource, {of_a_core:.0} % of one core")),
    ]
}

async fn idle(node: &Node, store: &Path) -> Result<[Fact; 3]> {
    tokio::time::sleep(SETTLE).await;
    let (before, started) = (usage::cpu(node.pid())?, Instant::now());
    tokio::time::sleep(IDLE).await;
    let cpu = usage::cpu(node.pid())?.saturating_sub(before).as_secs_f64() / started.elapsed().as_secs_f64();
    let memory = usage::memory(node.pid())?;
    Ok([
        Fact::new("idle, resident", format!("{} ({SETTLE:?} after the load)", bytes(memory.resident_bytes))),
        Fact::new("idle, CPU", format!("{:.2} % of one core over {IDLE:?}", cpu * 100.0)),
        Fact::new("data folder", bytes(usage::disk_bytes(store)?)),
    ])
}

/// Runs a command to its end; it must succeed.
async fn finish(command: &mut Command, log: &Path) -> Result<()> {
    let mut process = Process::spawn(command.stdout(Stdio::null()), log)?;
    let status = process.wait(PATIENCE).await?;
    if !status.success() {
        bail!("{command:?} ended with {status}: {}", process.log_tail());
    }
    Ok(())
}
