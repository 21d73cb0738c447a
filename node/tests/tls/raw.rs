//! A TLS client that chooses what it offers and shows, and HTTP over it.

use super::{HANG, authority::Authority};
use bytes::Bytes;
use client::tls::{Identity, Roots, VERSIONS, provider};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, SupportedProtocolVersion,
    pki_types::{CertificateDer, ServerName},
    sign::SingleCertAndKey,
    version::{TLS12, TLS13},
};
use std::{io, sync::Arc};
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Each version alone.
pub static EACH: [&[&SupportedProtocolVersion]; 2] = [&[&TLS12], &[&TLS13]];

/// `host:port` of a URL of a node.
pub fn authority_of(url: &str) -> &str {
    let rest = url.split("://").nth(1).unwrap();
    rest.split('/').next().unwrap()
}

pub struct Offer<'a> {
    pub trusts: &'a Authority,
    pub shows: Option<(&'a Authority, &'a str)>,
    pub alpn: &'a [&'a [u8]],
    pub versions: &'static [&'static SupportedProtocolVersion],
}

impl<'a> Offer<'a> {
    pub fn to(trusts: &'a Authority) -> Offer<'a> {
        Offer { trusts, shows: None, alpn: &[], versions: VERSIONS }
    }

    pub fn showing(self, of: &'a Authority, name: &'a str) -> Offer<'a> {
        Offer { shows: Some((of, name)), ..self }
    }

    /// What a client has that comes more than once: it takes up its session again where the server lets it.
    pub fn config(&self) -> Arc<ClientConfig> {
        let roots = Roots::read(&self.trusts.root()).unwrap();
        let builder = ClientConfig::builder_with_provider(provider());
        let builder = builder.with_protocol_versions(self.versions).unwrap();
        let builder = builder.with_root_certificates(roots.store());
        let mut config = match self.shows {
            None => builder.with_no_client_auth(),
            Some((of, name)) => {
                let (cert, key) = of.pair(name);
                let shown = Identity::read(&cert, &key).unwrap().certified();
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
            }
        };
        config.alpn_protocols = self.alpn.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }

    pub async fn connect(&self, address: &str) -> io::Result<TlsStream<TcpStream>> {
        connect(self.config(), address).await
    }

    /// Whether the server takes the connection: with TLS 1.3 a client hears only after its own handshake that it is not wanted.
    pub async fn is_taken(&self, address: &str) -> bool {
        let Ok(mut stream) = self.connect(address).await else { return false };
        // A server of HTTP/2 greets; one that also speaks HTTP/1 waits to be asked.
        let mut greeting = [0; 9];
        timeout(HANG, stream.read_exact(&mut greeting)).await.unwrap().is_ok()
    }

    /// GET over HTTP/2 where that was negotiated, else over HTTP/1.1: status and body.
    pub async fn get(&self, url: &str) -> io::Result<(u16, String)> {
        let address = authority_of(url);
        Asking::on(self.connect(address).await?).await?.get(url).await
    }
}

pub async fn connect(config: Arc<ClientConfig>, address: &str) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    timeout(HANG, TlsConnector::from(config).connect(name, stream)).await.unwrap()
}

/// The certificate that the server showed.
pub fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

/// A connection of HTTP that is kept.
pub enum Asking {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

impl Asking {
    pub async fn on(stream: TlsStream<TcpStream>) -> io::Result<Asking> {
        let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let stream = TokioIo::new(stream);
        if is_h2 {
            let shaken = http2::handshake(TokioExecutor::new(), stream).await;
            let (sender, connection) = shaken.map_err(io::Error::other)?;
            tokio::spawn(connection);
            return Ok(Asking::Http2(sender));
        }
        let (sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(Asking::Http1(sender))
    }

    pub async fn get(&mut self, url: &str) -> io::Result<(u16, String)> {
        let request = http::Request::get(url).header("host", authority_of(url));
        let request = request.body(Empty::new()).unwrap();
        let asked = async {
            let answer = match self {
                Asking::Http1(sender) => sender.send_request(request).await,
                Asking::Http2(sender) => sender.send_request(request).await,
            };
            let answer = answer.map_err(io::Error::other)?;
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
            Ok((status, String::from_utf8(body.to_vec()).unwrap()))
        };
        timeout(HANG, asked).await.unwrap()
    }
}
