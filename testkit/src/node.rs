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
    environment: Vec<(String, String)>,
    folder: tempfile::TempDir,
    data: PathBuf,
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
        let mut node = NodeProcess::new(binary)?;
        node.arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        node.begin()
    }

    /// A node that does not run yet: for [`NodeProcess::set`], [`NodeProcess::at`], then [`NodeProcess::begin`].
    pub fn new(binary: impl AsRef<Path>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        Ok(NodeProcess {
            binary: binary.as_ref().to_owned(),
            arguments: Vec::new(),
            // No balancer sends anything: a test that stops a node waits for nobody, unless it sets this.
            environment: vec![("SALAMANDER_NODE_DRAIN_MS".to_owned(), "0".to_owned())],
            data: folder.path().join("data"),
            folder,
            child: None,
            rest: String::new(),
            grpc: String::new(),
        })
    }

    /// Sets an option such as `rest.header_timeout_ms`, for this and all later starts.
    pub fn set(mut self, option: &str, value: impl ToString) -> Self {
        let variable = format!("SALAMANDER_{}", option.replace('.', "_").to_uppercase());
        self.environment.retain(|(name, _)| *name != variable);
        self.environment.push((variable, value.to_string()));
        self
    }

    /// Has the data in a folder of the caller's.
    pub fn at(mut self, data: &Path) -> Self {
        self.data = data.to_owned();
        self
    }

    /// Starts on free ports and waits until the node says that it is ready.
    pub fn begin(mut self) -> anyhow::Result<Self> {
        self.spawn("127.0.0.1:0", "127.0.0.1:0")?;
        Ok(self)
    }

    /// The node's data folder.
    pub fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// Whether the process is there.
    pub fn runs(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Resident memory of the process, bytes.
    pub fn resident_bytes(&self) -> anyhow::Result<u64> {
        self.status_bytes("VmRSS:")
    }

    /// The most that was resident since the process began, bytes.
    pub fn peak_bytes(&self) -> anyhow::Result<u64> {
        self.status_bytes("VmHWM:")
    }

    fn status_bytes(&self, name: &str) -> anyhow::Result<u64> {
        let id = self.id().context("the node does not run")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("not in the status")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib << 10)
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
        self.signal_end()?;
        self.wait()
    }

    /// SIGTERM alone; [`NodeProcess::wait`] sees the end.
    pub fn signal_end(&self) -> anyhow::Result<()> {
        let id = self.id().context("the node does not run")?;
        // The standard library sends no signal but SIGKILL; the shell's kill is everywhere.
        let sent = Command::new("sh").arg("-c").arg(format!("kill -TERM {id}")).status()?;
        if !sent.success() {
            bail!("kill: {sent}");
        }
        Ok(())
    }

    /// The exit status, once the process has ended.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let mut child = self.child.take().context("the node does not run")?;
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
        let mut command = Command::new(&self.binary);
        // The node of a test is configured by the test alone.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(name)) {
            command.env_remove(name);
        }
        let mut child = command
            .arg("start")
            .arg("--data")
            .arg(self.data())
            .args(["--rest", rest, "--grpc", grpc])
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

/// Whether the variable would set an option of a node.
fn is_ours(name: &std::ffi::OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("SALAMANDER_"))
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
