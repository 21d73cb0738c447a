//! Whether there is a server at all. Retries are for one that is away for a moment, not for a port where nobody listens.

use anyhow::{Context, anyhow};
use client::{Client, Options, Retry};
use http::Uri;
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};

/// A host that does not even refuse.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// A server that listens but does not serve yet is waited for, by the retries of what follows.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// # Errors
/// At once, where the address is none, nobody listens there, or who does speaks something else.
pub async fn reach(endpoint: &str, options: &Options) -> anyhow::Result<()> {
    let client = Client::connect_with(endpoint, options).context("--grpc")?.with_retry(Retry::never());
    let uri: Uri = endpoint.parse().context("--grpc")?;
    let port = if options.tls.is_some() { 443 } else { 80 };
    let address = format!("{}:{}", uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(port));
    let hint = "is a node running there (salamander start)?";
    match timeout(CONNECT_MAX, TcpStream::connect(&address)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(anyhow!("cannot connect to {endpoint}: {error}; {hint}")),
        Err(_) => return Err(anyhow!("cannot connect to {endpoint}: no answer in {CONNECT_MAX:?}; {hint}")),
    }
    match timeout(ANSWER_MAX, client.capabilities()).await {
        Ok(Err(error)) if !error.retryable() => Err(anyhow!(
            "{endpoint} does not speak Salamander's gRPC: {error}; its port is another one than that of REST"
        )),
        _ => Ok(()),
    }
}
