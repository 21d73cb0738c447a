//! Where commands find a server, and how they trust it.

use anyhow::{anyhow, bail};
use clap::Args;
use client::{Options, tls::Tls};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Access {
    /// The gRPC address of the server, of a cluster that of any node; https:// with --root.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:50051", global = true)]
    pub(super) grpc: String,
    /// For https: certificates (PEM) of the authorities that the server's certificate may be of.
    #[arg(long, value_name = "FILE", global = true)]
    root: Option<PathBuf>,
    /// For https: this client's own certificate (PEM), where the server asks for one; with --key.
    #[arg(long, value_name = "FILE", global = true)]
    cert: Option<PathBuf>,
    /// The key (PEM) of --cert.
    #[arg(long, value_name = "FILE", global = true)]
    key: Option<PathBuf>,
}

impl Access {
    /// How to connect.
    ///
    /// # Errors
    /// A file that is not what it is for, or is missing; at once, where both sides come to no agreement on TLS: trying again does not help.
    pub(super) async fn agreed(&self) -> anyhow::Result<Options> {
        let options = self.options()?;
        let refusal = match (&options.tls, self.grpc.parse()) {
            (Some(tls), Ok(uri)) => tls.refusal(&uri).await,
            // Told by who connects.
            _ => None,
        };
        match refusal {
            Some(error) => Err(anyhow!("{}: no agreement on TLS: {error}", self.grpc)),
            None => Ok(options),
        }
    }

    fn options(&self) -> anyhow::Result<Options> {
        let identity = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Some((cert.as_path(), key.as_path())),
            (None, None) => None,
            _ => bail!("--cert and --key go together"),
        };
        let tls = match (&self.root, identity) {
            (Some(root), identity) => Some(Tls::of_files(root, identity)?),
            (None, Some(_)) => bail!("--cert needs --root: whom to show it to"),
            (None, None) if self.grpc.starts_with("https:") => {
                bail!("{} needs --root: whose certificate the server may have", self.grpc)
            }
            (None, None) => None,
        };
        Ok(Options { tls, ..Options::default() })
    }
}
