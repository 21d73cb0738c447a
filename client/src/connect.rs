//! The channel: lazy connect, keepalive, limits.

use crate::{Error, Result, Retry};
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

/// How a [`crate::Client`] connects and calls.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub retry: Retry,
    /// For one TCP connect.
    pub connect_timeout: Duration,
    /// A ping every so often, also while idle; a connection that does not answer one in time is replaced.
    pub keepalive_interval: Duration,
    pub keepalive_timeout: Duration,
    /// The largest message sent or received. One search page or one transaction bundle must fit.
    pub message_bytes_max: usize,
}

impl Default for Options {
    /// Connect within 5 s, ping every 10 s (5 s to answer), messages up to 64 MiB.
    fn default() -> Self {
        Options {
            retry: Retry::default(),
            connect_timeout: Duration::from_secs(5),
            keepalive_interval: Duration::from_secs(10),
            keepalive_timeout: Duration::from_secs(5),
            message_bytes_max: 64 << 20,
        }
    }
}

/// A window of one large bundle: the HTTP/2 default of 64 KiB would cost a round trip per 64 KiB sent.
const STREAM_WINDOW_BYTES: u32 = 4 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;

/// A channel that connects on first use and again after every loss.
pub(crate) fn channel(endpoint: &str, options: &Options) -> Result<Channel> {
    let built = Endpoint::from_shared(endpoint.to_owned())
        .map_err(|error| Error::Endpoint { endpoint: endpoint.to_owned(), reason: error.to_string() })?;
    if built.uri().scheme_str() != Some("http") || built.uri().host().is_none() {
        let reason = "expected http://host:port".to_owned();
        return Err(Error::Endpoint { endpoint: endpoint.to_owned(), reason });
    }
    Ok(built
        .tcp_nodelay(true)
        .connect_timeout(options.connect_timeout)
        .http2_keep_alive_interval(options.keepalive_interval)
        .keep_alive_timeout(options.keepalive_timeout)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .connect_lazy())
}
