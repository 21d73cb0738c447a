//! The channel: lazy connect, keepalive, limits.

use crate::{Balance, Error, Result, Retry, tls::Tls};
use proto::api::v1::{fhir_client::FhirClient, routing_client::RoutingClient};
use std::time::Duration;
use tonic::{
    codec::CompressionEncoding,
    transport::{Channel, Endpoint},
};

/// How a [`crate::Client`] connects and calls.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often and how long a call is sent again.
    pub retry: Retry,
    /// Which of several endpoints gets a call.
    pub balance: Balance,
    /// Learn who leads what, and go there: see [`crate::Client`]. Off: only the given endpoints get calls.
    pub routing: bool,
    /// For `https` endpoints: whom to trust and what to show. With it all endpoints are `https`, without it all are `http`: nothing goes in
    /// clear text by mistake.
    pub tls: Option<Tls>,
    /// For one connection: TCP and, where there is one, the handshake of TLS.
    pub connect_timeout: Duration,
    /// A ping every so often while calls are under way; a connection that does not answer one in time is replaced.
    pub keepalive_interval: Duration,
    /// How long a ping may stay unanswered.
    pub keepalive_timeout: Duration,
    /// The largest message sent or received, unpacked. One search page or one transaction bundle must fit.
    pub message_bytes_max: usize,
    /// Gzip what is sent. Worth its processor time where the network is slow.
    pub gzip_requests: bool,
    /// Have the answers gzipped.
    pub gzip_answers: bool,
}

impl Default for Options {
    /// Go to leaders, connect within 5 s, ping every 2 s (2 s to answer), messages up to 64 MiB, not compressed.
    fn default() -> Self {
        Options {
            retry: Retry::default(),
            balance: Balance::default(),
            routing: true,
            tls: None,
            connect_timeout: Duration::from_secs(5),
            keepalive_interval: Duration::from_secs(2),
            keepalive_timeout: Duration::from_secs(2),
            message_bytes_max: 64 << 20,
            gzip_requests: false,
            gzip_answers: false,
        }
    }
}

/// A window of one large bundle: the HTTP/2 default of 64 KiB would cost a round trip per 64 KiB sent.
const STREAM_WINDOW_BYTES: u32 = 4 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;

/// The calls of one endpoint, over a channel that connects on first use and again after every loss.
pub(crate) fn stubs(
    endpoint: &str,
    options: &Options,
) -> Result<(FhirClient<Channel>, RoutingClient<Channel>)> {
    let channel = channel(endpoint, options)?;
    let routing = RoutingClient::new(channel.clone());
    let mut stub = FhirClient::new(channel)
        .max_decoding_message_size(options.message_bytes_max)
        .max_encoding_message_size(options.message_bytes_max);
    if options.gzip_requests {
        stub = stub.send_compressed(CompressionEncoding::Gzip);
    }
    if options.gzip_answers {
        stub = stub.accept_compressed(CompressionEncoding::Gzip);
    }
    Ok((stub, routing))
}

pub(crate) fn channel(endpoint: &str, options: &Options) -> Result<Channel> {
    let unusable = |reason: String| Error::Endpoint { endpoint: endpoint.to_owned(), reason };
    let built = Endpoint::from_shared(endpoint.to_owned()).map_err(|error| unusable(error.to_string()))?;
    let expected = match (built.uri().scheme_str(), &options.tls) {
        (Some("http"), None) | (Some("https"), Some(_)) => None,
        (Some("http"), Some(_)) => Some("with TLS, expected https://host:port"),
        (Some("https"), None) => Some("https needs a root certificate to trust (Options::tls)"),
        _ => Some("expected http://host:port, or https:// with TLS"),
    };
    let hostless = built.uri().host().is_none().then_some("expected http://host:port");
    if let Some(reason) = expected.or(hostless) {
        return Err(unusable(reason.to_owned()));
    }
    let endpoint = built
        .tcp_nodelay(true)
        .connect_timeout(options.connect_timeout)
        .http2_keep_alive_interval(options.keepalive_interval)
        .keep_alive_timeout(options.keepalive_timeout)
        .keep_alive_while_idle(false)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    Ok(match &options.tls {
        Some(tls) => endpoint.connect_with_connector_lazy(tls.connector()),
        None => endpoint.connect_lazy(),
    })
}
