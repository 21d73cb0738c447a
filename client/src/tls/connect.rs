//! One connection: TCP, the handshake, HTTP/2.

use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use std::{io, sync::Arc, time::Duration};
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::transport::Uri;

/// HTTP/2's name: <https://www.rfc-editor.org/rfc/rfc9113#section-3.2>
pub(super) const H2: &[u8] = b"h2";
/// Where a URL has no port.
const PORT: u16 = 443;

/// A connection that HTTP/2 can be spoken on.
pub type Connected = TokioIo<TlsStream<TcpStream>>;

/// Connects to the host of the URL and makes sure that it is `name`, without one that host. Who calls bounds the time.
pub(super) async fn connect(
    config: Arc<ClientConfig>,
    name: Option<&ServerName<'static>>,
    uri: &Uri,
) -> io::Result<Connected> {
    // IPv6 has brackets in a URL only.
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let name = match name {
        Some(name) => name.clone(),
        None => ServerName::try_from(host.to_owned()).map_err(io::Error::other)?,
    };
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(PORT))).await?;
    stream.set_nodelay(true)?;
    let stream = TlsConnector::from(config).connect(name, stream).await?;
    match stream.get_ref().1.alpn_protocol() {
        Some(H2) => Ok(TokioIo::new(stream)),
        _ => Err(io::Error::other("the server speaks TLS and not HTTP/2: is this the port of gRPC?")),
    }
}

/// A server of HTTP/2 that takes a connection greets, or waits to be greeted.
const GREETING: Duration = Duration::from_secs(2);

/// # Errors
/// Where the server ends the connection instead of greeting.
pub(super) async fn heard(stream: Connected) -> io::Result<()> {
    let mut stream = stream.into_inner();
    timeout(GREETING, stream.read_u8()).await.map_or(Ok(()), |read| read.map(drop))
}
