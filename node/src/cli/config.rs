//! The flags above the configuration's other layers, and `salamander config`.

use crate::config::{Config, Layers};
use clap::Args;
use std::{io::Write, path::PathBuf};

/// Everything not given here comes from the environment, the file, or the defaults.
#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Folder of the node's data; made where it is missing.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Host and port of REST; port 0 takes a free one. [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    rest: Option<String>,
    /// Host and port of gRPC; port 0 takes a free one. [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS")]
    grpc: Option<String>,
    /// Joins a cluster: host and port of any member's gRPC. On an empty data folder; later starts know without.
    #[arg(long, value_name = "ADDRESS")]
    join: Option<String>,
    /// Host and port for other nodes of the cluster; port 0 takes a free one and keeps it. [default: 127.0.0.1:0]
    #[arg(long, value_name = "ADDRESS")]
    peers: Option<String>,
    /// Lets a listener speak without TLS beyond loopback.
    #[arg(long)]
    insecure: bool,
    /// Configuration file (TOML). [default: salamander.toml in the data folder, where there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Flags {
    /// The effective configuration.
    pub(super) fn load(&self) -> anyhow::Result<Config> {
        let data = self.data.as_ref().map(|data| data.display().to_string());
        let flags = [
            ("node.data", data),
            ("rest.listen", self.rest.clone()),
            ("grpc.listen", self.grpc.clone()),
            ("cluster.join", self.join.clone()),
            ("cluster.listen", self.peers.clone()),
            ("tls.insecure", self.insecure.then(|| "true".to_owned())),
        ];
        // A variable that is not UTF-8 cannot be an option's.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Ok(Config::load(&Layers {
            file: self.config.clone(),
            environment: environment.collect(),
            flags: flags.into_iter().filter_map(|(key, value)| Some((key, value?))).collect(),
        })?)
    }
}

/// `salamander config`
pub(super) fn print(flags: &Flags) -> anyhow::Result<()> {
    let text = flags.load()?.to_commented_toml();
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
