//! A child process that never outlives its guard: it is ended by its pid on drop, so also on a panic and on ctrl-c.

use anyhow::{Context, Result, bail};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// How often an exit is looked for.
const POLL: Duration = Duration::from_millis(5);

/// Bytes of the child's log that go into an error.
const LOG_TAIL_BYTES: usize = 2000;

/// A running child. Its stderr goes to a file.
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; `log` gets its stderr, appended.
    ///
    /// # Errors
    /// The log cannot be opened, or the program not started.
    pub fn spawn(command: &mut Command, log: &Path) -> Result<Process> {
        let stderr = File::options().create(true).append(true).open(log).context("the child's log")?;
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Process { child, name, log: log.to_owned() })
    }

    /// Starts `command` and waits for the first line on its stdout that begins with `prefix`; returns the line and the
    /// time from before the start to the line. Later output is read and dropped.
    ///
    /// # Errors
    /// As [`Process::spawn`]; or the child ends, or `patience` does, before there is such a line.
    pub async fn ready(
        command: &mut Command,
        log: &Path,
        prefix: &str,
        patience: Duration,
    ) -> Result<(Process, String, Duration)> {
        let started = Instant::now();
        let mut process = Process::spawn(command.stdout(Stdio::piped()), log)?;
        let stdout = process.child.stdout.take().context("stdout is piped")?;
        let (found, line) = oneshot::channel();
        let wanted = prefix.to_owned();
        thread::spawn(move || {
            let mut found = Some(found);
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if line.starts_with(&wanted)
                    && let Some(found) = found.take()
                {
                    // Nobody listens where the wait below ended first.
                    let _ = found.send((line, started.elapsed()));
                }
            }
        });
        match tokio::time::timeout(patience, line).await {
            Ok(Ok((line, elapsed))) => Ok((process, line, elapsed)),
            Ok(Err(_)) => bail!("{} ended before it was ready: {}", process.name, process.log_tail()),
            Err(_) => bail!("{} was not ready after {patience:?}: {}", process.name, process.log_tail()),
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// `patience` ends first.
    pub async fn wait(&mut self, patience: Duration) -> Result<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < patience {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("{} still runs after {patience:?}", self.name)
    }

    /// Asks it to stop (SIGTERM) and waits.
    ///
    /// # Errors
    /// It does not stop in time, or not with success.
    pub async fn stop(mut self, patience: Duration) -> Result<()> {
        // The standard library sends no signal but SIGKILL; the shell's kill is everywhere.
        let sent = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.pid())).status()?;
        if !sent.success() {
            bail!("{} could not be told to stop", self.name);
        }
        let status = self.wait(patience).await?;
        if !status.success() {
            bail!("{} ended with {status}: {}", self.name, self.log_tail());
        }
        Ok(())
    }

    /// Ends it at once (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        // Errors mean it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The end of its log, for an error's text.
    pub fn log_tail(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(LOG_TAIL_BYTES)..]).trim().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn alive(pid: u32) -> bool {
        Path::new(&format!("/proc/{pid}")).exists()
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn dropping_the_guard_ends_the_child_also_on_a_panic() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let process = Process::spawn(&mut shell("exec sleep 600"), &folder.path().join("log"))?;
        let pid = process.pid();
        assert!(alive(pid));
        let panicked = thread::spawn(move || {
            let _guard = process;
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        assert!(panicked.join().is_err());
        assert!(!alive(pid));
        Ok(())
    }

    #[tokio::test]
    async fn the_ready_line_is_found_behind_other_lines() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut command = shell("echo first; echo ready a=1; echo ready a=2; exec sleep 600");
        let (process, line, elapsed) =
            Process::ready(&mut command, &folder.path().join("log"), "ready", PATIENCE).await?;
        assert_eq!(line, "ready a=1");
        assert!(elapsed < PATIENCE);
        // sleep does not catch SIGTERM, so this stop is not a success.
        let pid = process.pid();
        assert!(process.stop(PATIENCE).await.is_err());
        assert!(!alive(pid));
        Ok(())
    }

    #[tokio::test]
    async fn a_child_that_ends_first_is_an_error_with_its_log() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut command = shell("echo the disk is on fire >&2; exit 3");
        let result = Process::ready(&mut command, &folder.path().join("log"), "ready", PATIENCE).await;
        let error = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("the disk is on fire"), "{error}");
        Ok(())
    }

    #[tokio::test]
    async fn a_clean_stop() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut command = shell("trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done");
        let (process, _, _) =
            Process::ready(&mut command, &folder.path().join("log"), "ready", PATIENCE).await?;
        process.stop(PATIENCE).await
    }
}
