//! `salamander doctor`: whether a machine and a configuration can carry a node, before it starts or beside it.

mod disk;
mod finding;
mod folder;

use super::config::Flags;
use crate::{budget::Budget, config::Config, host::descriptors, tls::Tls, wire::Server};
use anyhow::bail;
use clap::Args;
use finding::{Finding, Verdict};
use std::io::Write;

#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    flags: Flags,
    /// Writes of 4 KiB, each made durable, by which the disk is measured, in a file beside the data that goes again.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=100_000))]
    syncs: u32,
}

impl Doctor {
    /// Prints a line for each look; an error where one is bad.
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let config = self.flags.load()?;
        let budget = Budget::of(&config);
        let mut config = budget.fill(config);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let data = config.node.data.clone();
        let mut findings = vec![memory(&budget), files(&mut config)];
        findings.extend(disk::look(&data, self.syncs));
        findings.extend(folder::look(&data));
        findings.push(match folder::is_in_use(&data) {
            true => Finding::new("listeners", Verdict::Well, "not tried: a node is at work in the folder"),
            false => runtime.block_on(listeners(&config)),
        });
        let mut out = std::io::stdout().lock();
        for finding in &findings {
            writeln!(out, "{finding}")?;
        }
        match findings.iter().filter(|finding| finding.verdict == Verdict::Bad).count() {
            0 => Ok(()),
            bad => bail!("{bad} of {} looks found what no node can work with", findings.len()),
        }
    }
}

/// Below it the indexes of large stores do not stay in memory.
const MEMORY_LITTLE: u64 = 512 << 20;

fn memory(budget: &Budget) -> Finding {
    let verdict = if budget.total < MEMORY_LITTLE { Verdict::Poor } else { Verdict::Well };
    let text = format!("{} MiB for this process: {}", budget.total >> 20, budget.origin);
    Finding::new("memory", verdict, text)
}

fn files(config: &mut Config) -> Finding {
    let limit = descriptors::raise();
    match descriptors::fit(config, limit) {
        Ok(None) => Finding::new("files", Verdict::Well, format!("{limit} can be open")),
        Ok(Some(warning)) => Finding::new("files", Verdict::Poor, warning),
        Err(error) => Finding::bad("files", &error.into()),
    }
}

/// Binds both, with the certificates, as a start does, and lets go.
async fn listeners(config: &Config) -> Finding {
    let bound = async {
        let tls = Tls::open(&config.tls)?;
        Server::bind(config, tls).await?;
        anyhow::Ok(())
    };
    match bound.await {
        Ok(()) => {
            let text = format!("{} and {} are free", config.rest.listen, config.grpc.listen);
            Finding::new("listeners", Verdict::Well, text)
        }
        Err(error) => Finding::bad("listeners", &error),
    }
}
