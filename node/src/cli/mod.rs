//! The `salamander` command.

mod access;
mod backup;
mod certs;
mod cluster;
mod config;
mod count;
mod doctor;
mod failed;
mod generate;
mod load;
mod membership;
pub mod options;
mod rebalance;
mod start;
mod tenant;
mod watch;

use crate::observe::lines;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A FHIR R4 data platform. One node needs nothing but a folder.
#[derive(Debug, Parser)]
#[command(name = "salamander", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts a node and serves until SIGTERM or SIGINT.
    Start(config::Flags),
    /// Prints the effective configuration with comments.
    Config(config::Flags),
    /// Generates a synthetic hospital: one transaction bundle per patient, the same for the same seed.
    Generate(generate::Generate),
    /// Loads bundles and resources from files into a server; safe to interrupt and repeat.
    Load(load::Load),
    /// Looks whether this machine can carry a node: memory, files, disk, clock, data folder, listeners.
    Doctor(doctor::Doctor),
    /// Counts a server's resources by type.
    Count(count::Count),
    /// Shows a cluster and changes it.
    Cluster(cluster::Cluster),
    /// Makes tenants, shows and deletes them: id spaces of their own in one cluster.
    Tenant(tenant::Tenant),
    /// Backs a cluster up into a folder while it serves, and makes data folders of that.
    Backup(backup::Backup),
    /// Makes a small authority for trials of TLS, and certificates of it.
    Certs(certs::Certs),
}

/// Runs the command of the process's arguments. An error is one line on stderr and exit status 1; 74 where a node failed
/// for good, and a new start is what helps.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Start(flags) => start::start(&flags),
        Command::Config(flags) => config::print(&flags),
        Command::Generate(generate) => generate.run(),
        Command::Load(load) => load.run(),
        Command::Count(count) => count.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Cluster(cluster) => cluster.run(),
        Command::Tenant(tenant) => tenant.run(),
        Command::Backup(backup) => backup.run(),
        Command::Certs(certs) => certs.run(),
    };
    match result {
        Ok(()) => {
            lines::flush();
            ExitCode::SUCCESS
        }
        Err(error) => {
            lines::flush();
            eprintln!("salamander: {}", told(&error));
            let failed = error.is::<failed::Failed>();
            if failed { ExitCode::from(failed::Failed::EXIT_STATUS) } else { ExitCode::FAILURE }
        }
    }
}

/// The error and its causes; many an error's text already holds its cause's.
fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_formed() {
        Cli::command().debug_assert();
        let cli =
            Cli::try_parse_from(["salamander", "config", "--data", "d", "--rest", "127.0.0.1:0"]).unwrap();
        assert!(matches!(cli.command, Command::Config(_)));
        assert!(Cli::try_parse_from(["salamander", "generate", "--patients", "x"]).is_err());
    }

    #[test]
    fn a_cause_is_told_once() {
        let error =
            anyhow::anyhow!("no such file").context("cannot read x: no such file").context("starting");
        assert_eq!(told(&error), "starting: cannot read x: no such file");
    }
}
