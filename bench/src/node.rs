//! Servers under test: a Salamander node, or the echo servers of this crate, as child processes.

use crate::process::Process;
use anyhow::{Context, Result};
use std::{path::Path, process::Command, time::Duration};

/// A start that takes longer than this is a failure. Replaying a large log counts.
const START_PATIENCE: Duration = Duration::from_secs(120);
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub struct Node {
    process: Process,
    /// Base URL of the REST facade, such as `http://127.0.0.1:4711/fhir`.
    pub rest: String,
    /// URL of the gRPC server.
    pub grpc: String,
    /// From before the exec to the ready line.
    pub started_in: Duration,
}

impl Node {
    /// `binary start` on `data`, on free loopback ports.
    ///
    /// # Errors
    /// It does not start, or its ready line names no addresses.
    pub async fn start(binary: &Path, data: &Path, log: &Path) -> Result<Node> {
        Node::start_with(binary, data, log, &[]).await
    }

    /// As [`Node::start`], with options of the configuration as environment variables.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub async fn start_with(
        binary: &Path,
        data: &Path,
        log: &Path,
        environment: &[(&'static str, String)],
    ) -> Result<Node> {
        let mut command = Command::new(binary);
        command.envs(environment.iter().map(|(name, value)| (*name, value)));
        command.arg("start").arg("--data").arg(data);
        command.args(["--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]);
        Node::ready(command, "salamander ready", log).await
    }

    /// The echo servers of this very binary (`bench echo`), answering with the bytes in `body`.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub async fn echo(bench: &Path, body: &Path, log: &Path) -> Result<Node> {
        let mut command = Command::new(bench);
        command.arg("echo").arg("--body").arg(body);
        Node::ready(command, crate::echo::READY, log).await
    }

    async fn ready(mut command: Command, prefix: &str, log: &Path) -> Result<Node> {
        let (process, line, started_in) = Process::ready(&mut command, log, prefix, START_PATIENCE).await?;
        let address =
            |name| value(&line, name).with_context(|| format!("no {name} in the ready line {line:?}"));
        Ok(Node { rest: address("rest=")?, grpc: address("grpc=")?, process, started_in })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The metrics page of the node; it stands beside the FHIR base.
    pub fn origin(&self) -> String {
        self.rest.trim_end_matches('/').trim_end_matches("/fhir").to_owned()
    }

    /// SIGTERM, and waits for a clean end.
    ///
    /// # Errors
    /// It does not end in time or not cleanly.
    pub async fn stop(self) -> Result<()> {
        self.process.stop(STOP_PATIENCE).await
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.process.kill();
    }
}

fn value(line: &str, name: &str) -> Option<String> {
    line.split_ascii_whitespace().find_map(|word| word.strip_prefix(name)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_ready_line() {
        let line = "salamander ready rest=http://127.0.0.1:1/fhir grpc=http://127.0.0.1:2";
        assert_eq!(value(line, "rest=").as_deref(), Some("http://127.0.0.1:1/fhir"));
        assert_eq!(value(line, "grpc=").as_deref(), Some("http://127.0.0.1:2"));
        assert_eq!(value("salamander ready", "rest="), None);
    }
}
