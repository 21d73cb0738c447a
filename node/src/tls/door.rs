//! The handshake of one connection.

use super::{Listener, Shown, Stream, Tls};
use metrics::Counter;
use std::{io, pin::pin, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsAcceptor;

/// Lets in who makes its handshake in time, and shows what the listener asks for.
#[derive(Clone)]
pub struct Door {
    tls: Tls,
    listener: Listener,
    within: Duration,
    failed: Counter,
}

impl Door {
    pub(super) fn new(tls: Tls, listener: Listener, within: Duration) -> Door {
        let failed = super::meters::failed(listener);
        Door { tls, listener, within, failed }
    }

    /// With the certificate of this moment. `None`: the peer did not make it, and is gone.
    pub async fn open(&self, stream: TcpStream) -> Option<(Stream, Shown)> {
        // It has the connection until the end of this function: who is shown the door was counted before.
        let mut handshake = pin!(timeout(self.within, self.handshake(stream)));
        match (&mut handshake).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(opened) => Some(opened),
            Err(error) => {
                self.failed.increment(1);
                tracing::debug!(listener = self.listener.name(), %error, "a handshake failed");
                None
            }
        }
    }

    async fn handshake(&self, stream: TcpStream) -> io::Result<(Stream, Shown)> {
        let config = self.tls.current(self.listener).ok_or(io::ErrorKind::NotConnected)?;
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        let shown = self.tls.shown(stream.get_ref().1.peer_certificates().unwrap_or_default());
        Ok((Stream::Secret(Box::new(stream)), shown))
    }
}
