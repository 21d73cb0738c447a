//! The real `salamander` binary as a child process on free loopback ports.

use anyhow::{Context, anyhow, bail};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// A cold start with a large store replays a log; anything above this is a hang.
const READY_TIMEOUT: Duration = Duration::from_secs(120);

/// One running (or stopped) node with a data folder of its own, which goes away with this value. When a test
/// panics, the node's output is printed.
pub struct NodeProcess {
    binary: PathBuf,
    arguments: Vec<String>,
    folder: tempfile::TempDir,
    child: Option<Child>,
    /// `http://127.0.0.1:PORT/fhir`
    pub rest: String,
    /// `http://127.0.0.1:PORT`
    pub grpc: String,
}

impl NodeProcess {
    /// Starts a node and waits until it says that it is ready. `binary`: `env!("CARGO_BIN_EXE_salamander")`.
    pub fn start(binary: impl AsRef<Path>) -> anyhow::Result<Self> {
        NodeProcess::start_with(binary, &[])
    }

    /// As [`NodeProcess::start`], with further arguments of `salamander start`.
    pub fn start_with(binary: impl AsRef<Path>, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut node = NodeProcess {
            binary: binary.as_ref().to_owned(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            folder: tempfile::tempdir()?,
            child: None,
            rest: String::new(),
            grpc: String::new(),
        };
        node.spawn("127.0.0.1:0", "127.0.0.1:0")?;
        Ok(node)
    }

    /// The node's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Everything the node wrote to stdout and stderr, of all its starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The process id while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Ends the process as a power cut would: SIGKILL, nothing flushed.
    pub fn kill9(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("the node does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// SIGTERM, and the exit status once the process has ended.
    pub fn terminate(&mut self) -> anyhow::Result<ExitStatus> {
        let mut child = self.child.take().context("the node does not run")?;
        // The standard library sends no signal but SIGKILL; the shell's kill is everywhere.
        let sent = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", child.id())).status()?;
        if !sent.success() {
            bail!("kill: {sent}");
        }
        Ok(child.wait()?)
    }

    /// Starts again on the same data folder and the same addresses, after [`NodeProcess::kill9`] or
    /// [`NodeProcess::terminate`].
    pub fn restart(&mut self) -> anyhow::Result<()> {
        if self.child.is_some() {
            bail!("the node runs already");
        }
        let rest = authority(&self.rest)?;
        let grpc = authority(&self.grpc)?;
        self.spawn(&rest, &grpc)
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("output.log")
    }

    fn spawn(&mut self, rest: &str, grpc: &str) -> anyhow::Result<()> {
        let log = File::options().create(true).append(true).open(self.log_path())?;
        let mut child = Command::new(&self.binary)
            .arg("start")
            .arg("--data")
            .arg(self.data())
            .args(["--rest", rest, "--grpc", grpc])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone()?)
            .spawn()
            .with_context(|| self.binary.display().to_string())?;
        let stdout = child.stdout.take().context("no stdout")?;
        self.child = Some(child);
        let (ready, waiting) = mpsc::channel();
        thread::spawn(move || follow(BufReader::new(stdout), log, &ready));
        let line = waiting
            .recv_timeout(READY_TIMEOUT)
            .map_err(|_| anyhow!("the node did not become ready:\n{}", self.log()))?;
        let field = |name: &str| {
            let found = line.split_whitespace().find_map(|word| word.strip_prefix(name));
            found.map(str::to_owned).with_context(|| format!("no {name} in {line:?}"))
        };
        (self.rest, self.grpc) = (field("rest=")?, field("grpc=")?);
        Ok(())
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

/// `127.0.0.1:PORT` of a URL.
fn authority(url: &str) -> anyhow::Result<String> {
    let rest = url.strip_prefix("http://").with_context(|| format!("not an address: {url:?}"))?;
    Ok(rest.split('/').next().unwrap_or(rest).to_owned())
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if thread::panicking() {
            eprintln!("--- output of the node ---\n{}--- end ---", self.log());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A stand-in for the binary, in shell: what is proven here is the harness.
    fn script(folder: &Path, body: &str) -> PathBuf {
        let path = folder.join("fake");
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn starts_ends_and_starts_again() {
        let folder = tempfile::tempdir().unwrap();
        let fake = script(
            folder.path(),
            "echo \"args $*\"; trap 'exit 7' TERM\n\
             echo 'salamander ready rest=http://127.0.0.1:1234/fhir grpc=http://127.0.0.1:5678'\n\
             sleep 60 & wait",
        );
        let mut node = NodeProcess::start_with(fake, &["--x", "y"]).unwrap();
        assert_eq!(
            (node.rest.as_str(), node.grpc.as_str()),
            ("http://127.0.0.1:1234/fhir", "http://127.0.0.1:5678")
        );
        assert!(node.restart().is_err(), "it runs");
        assert_eq!(node.terminate().unwrap().code(), Some(7));
        assert!(node.terminate().is_err(), "it does not run");
        node.restart().unwrap();
        node.kill9().unwrap();
        let log = node.log();
        assert!(log.contains("--rest 127.0.0.1:0 --grpc 127.0.0.1:0 --x y"), "{log}");
        assert!(log.contains("--rest 127.0.0.1:1234 --grpc 127.0.0.1:5678"), "{log}");
    }

    #[test]
    fn a_node_that_ends_at_once_is_an_error_with_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let fake = script(folder.path(), "echo 'no space left' >&2; exit 3");
        let Err(error) = NodeProcess::start(fake) else { panic!("it cannot have started") };
        assert!(error.to_string().contains("no space left"), "{error}");
    }
}
