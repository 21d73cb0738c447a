//! What each listener speaks with.

use super::{
    callers::{Callers, Nodes},
    error::Error,
    files::Files,
};
use client::tls::{VERSIONS, provider};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, UnixTime},
    server::NoServerSessionStorage,
    sign::SingleCertAndKey,
};
use std::sync::Arc;

/// One of the node's listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    Rest,
    Grpc,
    /// For other nodes.
    Peers,
}

impl Listener {
    /// Its name in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Listener::Rest => "rest",
            Listener::Grpc => "grpc",
            Listener::Peers => "peers",
        }
    }
}

/// All of them at one moment.
pub(super) struct Listeners {
    rest: Arc<ServerConfig>,
    grpc: Arc<ServerConfig>,
    peers: Option<Arc<ServerConfig>>,
    nodes: Option<Nodes>,
}

const H2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

impl Listeners {
    /// # Errors
    /// What the library does not take.
    pub(super) fn of(files: &Files) -> Result<Listeners, Error> {
        let (clients, nodes) = (files.clients.as_ref(), files.known.as_ref());
        let must = clients.is_some();
        let peers = nodes.map(|nodes| config(files, Callers::of(None, Some(nodes), true)?, &[H2]));
        Ok(Listeners {
            rest: config(files, Callers::of(clients, None, must)?, &[H2, HTTP1])?,
            // A node that joins comes here.
            grpc: config(files, Callers::of(clients, nodes, must)?, &[H2])?,
            peers: peers.transpose()?,
            nodes: nodes.cloned(),
        })
    }

    pub(super) fn of_listener(&self, listener: Listener) -> Option<Arc<ServerConfig>> {
        match listener {
            Listener::Rest => Some(self.rest.clone()),
            Listener::Grpc => Some(self.grpc.clone()),
            Listener::Peers => self.peers.clone(),
        }
    }

    /// Whether a certificate is that of a node.
    pub(super) fn is_node(&self, certificate: &CertificateDer<'_>, chain: &[CertificateDer<'_>]) -> bool {
        let verified = |nodes: &Nodes| nodes.verify(certificate, chain, UnixTime::now()).is_ok();
        self.nodes.as_ref().is_some_and(verified)
    }
}

fn config(
    files: &Files,
    callers: Option<Arc<Callers>>,
    protocols: &[&[u8]],
) -> Result<Arc<ServerConfig>, Error> {
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(VERSIONS);
    let builder = builder.map_err(|error| Error::Unusable(error.to_string()))?;
    let asks = callers.is_some();
    let builder = match callers {
        Some(callers) => builder.with_client_cert_verifier(callers),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(files.identity.certified())));
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    if asks {
        // A session that is taken up again shows no certificate: one that expired meanwhile would still be good.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(Arc::new(config))
}
