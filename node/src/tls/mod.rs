//! TLS of the side that listens, and the files of both: who may connect to which listener, and what is used from now on where a file
//! changed. Reading files and connecting is `client::tls`'s.
//!
//! | listener | who may connect |
//! |---|---|
//! | REST | who shows a certificate of `tls.client_roots`; everybody, without them |
//! | gRPC | the same, and nodes; what only nodes may ask is told by [`Shown`] |
//! | other nodes | nodes: who shows a certificate of `tls.peer_roots` that bears `tls.peer_name` |
//!
//! | file | is |
//! |---|---|
//! | `files` | what the options name, read and checked |
//! | `callers` | whose certificates are taken |
//! | `listeners` | what each listener speaks with |
//! | `door` | the handshake of one connection, bounded |
//! | `stream` | a connection, with TLS or without |
//! | `reload` | looks whether the files changed |
//! | `expiry` | how long a certificate is good for |
//! | `meters` | what is told of all that |
//! | `error` | what is wrong with a file |

mod callers;
mod door;
mod error;
mod expiry;
mod files;
mod listeners;
mod meters;
mod reload;
mod shown;
mod stream;

pub use door::Door;
pub use error::Error;
pub use listeners::Listener;
pub use shown::Shown;
pub use stream::Stream;

use crate::config;
use files::{Files, Print};
use listeners::Listeners;
use meters::Meters;
use parking_lot::RwLock;
use std::{sync::Arc, time::Duration};

/// What a node listens and connects with at this moment. Clones are one; new connections use what was read last.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    options: config::Tls,
    /// Of the files as they were first read.
    print: Print,
    listeners: RwLock<Listeners>,
    /// How other nodes are connected to.
    peers: Option<client::tls::Tls>,
    meters: Meters,
}

impl Tls {
    /// Reads the files that the options name; `None` where they name none.
    ///
    /// # Errors
    /// A file that is not what its option is for: names the option, the file, and what is wrong with it.
    pub fn open(options: &config::Tls) -> Result<Option<Tls>, Error> {
        let meters = Meters::default();
        if options.cert.as_os_str().is_empty() {
            return Ok(None);
        }
        let print = files::print(options);
        let files = Files::read(options)?;
        let listeners = RwLock::new(Listeners::of(&files)?);
        let peers = files.nodes.as_ref().map(|roots| {
            client::tls::Tls::named(roots, Some(&files.identity), &options.peer_name)
                .map_err(|source| Error::File { options: "tls.peer_roots", source })
        });
        let peers = peers.transpose()?;
        meters.tell(&files);
        files.warn(options);
        Ok(Some(Tls(Arc::new(Shared { options: options.clone(), print, listeners, peers, meters }))))
    }

    /// How a listener takes connections; `None`: without TLS, which is the one for other nodes without `tls.peer_roots`.
    pub fn door(&self, listener: Listener) -> Option<Door> {
        let within = Duration::from_millis(self.0.options.handshake_timeout_ms);
        let is_there = listener != Listener::Peers || self.0.peers.is_some();
        is_there.then(|| Door::new(self.clone(), listener, within))
    }

    /// How other nodes are connected to; `None`: without TLS.
    pub fn peers(&self) -> Option<client::tls::Tls> {
        self.0.peers.clone()
    }

    fn current(&self, listener: Listener) -> Option<Arc<rustls::ServerConfig>> {
        self.0.listeners.read().of_listener(listener)
    }

    /// What the peer of a connection to gRPC showed.
    fn shown(&self, certificates: &[rustls::pki_types::CertificateDer<'_>]) -> Shown {
        match certificates.split_first() {
            None => Shown::Nothing,
            Some((own, chain)) if self.0.listeners.read().is_node(own, chain) => Shown::Node,
            Some(_) => Shown::Client,
        }
    }

    /// Reads the files again; where they are good, new connections use them.
    ///
    /// # Errors
    /// As [`Tls::open`]; all stays as it was.
    fn reload(&self) -> Result<(), Error> {
        let files = Files::read(&self.0.options)?;
        let listeners = Listeners::of(&files)?;
        if let (Some(peers), Some(roots)) = (&self.0.peers, &files.nodes) {
            let replaced = peers.replace(roots, Some(&files.identity));
            replaced.map_err(|source| Error::File { options: "tls.peer_roots", source })?;
        }
        *self.0.listeners.write() = listeners;
        self.0.meters.tell(&files);
        files.warn(&self.0.options);
        Ok(())
    }
}
