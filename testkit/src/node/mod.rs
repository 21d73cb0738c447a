//! The real `salamander` binary as a child process on free loopback ports.

mod start;
#[cfg(test)]
mod tests;

use anyhow::{Context, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    sync::mpsc,
    thread,
};

/// One running (or stopped) node with a data folder of its own, which goes away with this value. When a test
/// panics, the node's output is printed.
pub struct NodeProcess {
    binary: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    _folder: tempfile::TempDir,
    data: PathBuf,
    log: PathBuf,
    host: String,
    /// What starts the binary, where it is not started as it is.
    through: Vec<String>,
    child: Option<Child>,
    /// Tells the line of readiness of the process that was launched last.
    waiting: Option<mpsc::Receiver<String>>,
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
            log: folder.path().join("output.log"),
            _folder: folder,
            host: "127.0.0.1".to_owned(),
            through: Vec::new(),
            child: None,
            waiting: None,
            rest: String::new(),
            grpc: String::new(),
        })
    }

    /// Sets an option such as `rest.header_timeout_ms`, for this and all later starts.
    pub fn set(mut self, option: &str, value: impl ToString) -> Self {
        self.change(option, value);
        self
    }

    /// As [`NodeProcess::set`], of a node that is there: from its next start on.
    pub fn change(&mut self, option: &str, value: impl ToString) {
        let variable = format!("SALAMANDER_{}", option.replace('.', "_").to_uppercase());
        self.environment.retain(|(name, _)| *name != variable);
        self.environment.push((variable, value.to_string()));
    }

    /// Has the data in a folder of the caller's.
    pub fn at(mut self, data: &Path) -> Self {
        self.data = data.to_owned();
        self
    }

    /// Listens at this address, for clients and for other nodes.
    pub fn on(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self.set("cluster.listen", format!("{host}:0"))
    }

    /// Writes its output into a file of the caller's.
    pub fn log_at(mut self, log: &Path) -> Self {
        self.log = log.to_owned();
        self
    }

    /// Is started by that command, which the binary and its arguments follow. It must become the node, not its parent.
    pub fn through(mut self, command: &[String]) -> Self {
        self.through = command.to_vec();
        self
    }

    /// Starts on free ports and waits until the node says that it is ready.
    pub fn begin(mut self) -> anyhow::Result<Self> {
        self.launch()?;
        self.ready()?;
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
        fs::read_to_string(&self.log).unwrap_or_default()
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
        self.signal("TERM")
    }

    /// Sends a signal by its name, such as `STOP`.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let id = self.id().context("the node does not run")?;
        // The standard library sends no signal but SIGKILL; the shell's kill is everywhere.
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {id}")).status()?;
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
