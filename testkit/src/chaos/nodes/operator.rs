//! What an operator does at a node, with the program that operators have.

use anyhow::{bail, ensure};
use client::{Admin, api::StatusResponse};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

pub(in crate::chaos) struct Operator {
    binary: PathBuf,
    grpc: String,
}

/// An answer comes sooner, or the node is away.
const ANSWER: Duration = Duration::from_secs(2);
/// A command of an operator has ended by then.
const COMMAND: Duration = Duration::from_secs(20);

impl Operator {
    pub(super) fn new(binary: &Path, grpc: &str) -> Operator {
        Operator { binary: binary.to_owned(), grpc: grpc.to_owned() }
    }

    pub(in crate::chaos) async fn status(&self) -> anyhow::Result<StatusResponse> {
        let admin = Admin::connect(&self.grpc)?;
        Ok(tokio::time::timeout(ANSWER, admin.status()).await??)
    }

    pub(in crate::chaos) fn transfer_leader(&self, to: u64) -> anyhow::Result<()> {
        self.persist("transfer-leader", to)
    }

    pub(in crate::chaos) fn remove(&self, node: u64) -> anyhow::Result<()> {
        self.persist("remove", node)
    }

    /// Again where nobody leads at the moment.
    fn persist(&self, what: &str, node: u64) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            match self.command(what, node, COMMAND.saturating_sub(began.elapsed())) {
                Err(_) if began.elapsed() < COMMAND => std::thread::sleep(Duration::from_millis(200)),
                ended => return ended,
            }
        }
    }

    fn command(&self, what: &str, node: u64, within: Duration) -> anyhow::Result<()> {
        let mut child = Command::new(&self.binary)
            .args(["cluster", what, &node.to_string(), "--grpc", &self.grpc])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let began = Instant::now();
        while child.try_wait()?.is_none() {
            if began.elapsed() > within {
                child.kill()?;
                child.wait()?;
                bail!("cluster {what} {node} does not end");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = child.wait_with_output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cluster {what} {node}: {}", told.trim());
        Ok(())
    }
}
