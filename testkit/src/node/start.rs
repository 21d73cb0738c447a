//! Starting the process, and hearing from it that it is ready.

use super::NodeProcess;
use anyhow::{Context, anyhow, bail};
use std::{
    ffi::OsStr,
    fs::File,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// A cold start with a large store replays a log; anything above this is a hang.
const READY_TIMEOUT: Duration = Duration::from_secs(120);

impl NodeProcess {
    /// Starts again on the same data folder and the same addresses, after [`NodeProcess::kill9`] or
    /// [`NodeProcess::terminate`].
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.launch()?;
        self.ready()
    }

    /// Starts, on the addresses of before where there were some, and does not wait: see [`NodeProcess::ready`].
    pub fn launch(&mut self) -> anyhow::Result<()> {
        if self.child.is_some() {
            bail!("the node runs already");
        }
        let log = File::options().create(true).append(true).open(&self.log)?;
        let words: Vec<&OsStr> =
            self.through.iter().map(OsStr::new).chain([self.binary.as_os_str()]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        // The node of a test is configured by the test alone.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(name)) {
            command.env_remove(name);
        }
        let mut child = command
            .arg("start")
            .arg("--data")
            .arg(self.data())
            .args(["--rest", &self.authority(&self.rest)?, "--grpc", &self.authority(&self.grpc)?])
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone()?)
            .spawn()
            .with_context(|| self.binary.display().to_string())?;
        let stdout = child.stdout.take().context("no stdout")?;
        self.child = Some(child);
        let (ready, waiting) = mpsc::channel();
        thread::spawn(move || follow(BufReader::new(stdout), log, &ready));
        self.waiting = Some(waiting);
        Ok(())
    }

    /// Waits until the node that was launched says that it is ready.
    pub fn ready(&mut self) -> anyhow::Result<()> {
        let waiting = self.waiting.take().context("the node was not launched")?;
        let line = waiting
            .recv_timeout(READY_TIMEOUT)
            .map_err(|_| anyhow!("the node did not become ready:\n{}", tail(&self.log())))?;
        let field = |name: &str| {
            let found = line.split_whitespace().find_map(|word| word.strip_prefix(name));
            found.map(str::to_owned).with_context(|| format!("no {name} in {line:?}"))
        };
        (self.rest, self.grpc) = (field("rest=")?, field("grpc=")?);
        Ok(())
    }

    /// `127.0.0.1:PORT` of a URL; of none: a free port.
    fn authority(&self, url: &str) -> anyhow::Result<String> {
        if url.is_empty() {
            return Ok(format!("{}:0", self.host));
        }
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let rest = rest.with_context(|| format!("not an address: {url:?}"))?;
        Ok(rest.split('/').next().unwrap_or(rest).to_owned())
    }
}

/// Copies the output into the log and tells the line of readiness.
fn follow(stdout: impl BufRead, mut log: File, ready: &mpsc::Sender<String>) {
    for line in stdout.lines().map_while(Result::ok) {
        let _ = writeln!(log, "{line}");
        if line.starts_with("salamander ready ") {
            let _ = ready.send(line);
        }
    }
}

/// Whether the variable would set an option of a node.
fn is_ours(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("SALAMANDER_"))
}

/// The end of a log, which may be long.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
