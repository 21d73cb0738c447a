//! TLS of the side that connects, and what either side reads from files. Versions 1.2 and 1.3; HTTP/2 is asked for by ALPN.
//!
//! | file | is |
//! |---|---|
//! | `identity` | a certificate with its chain and its key, from files |
//! | `roots` | whose certificates are trusted, from a file |
//! | `connect` | one connection |
//! | `error` | what is wrong with a file |

mod connect;
mod error;
mod identity;
mod roots;

pub use error::Error;
pub use identity::Identity;
pub use roots::Roots;

use connect::Connected;
use rustls::{
    ClientConfig, SupportedProtocolVersion, client::WebPkiServerVerifier, crypto::CryptoProvider,
    pki_types::ServerName, sign::SingleCertAndKey, version,
};
use std::{
    io,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};
use tonic::transport::Uri;
use tower::Service;

/// What is spoken: nothing before TLS 1.2.
pub const VERSIONS: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];

/// The arithmetic: one for both sides, and no other of the process's.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::LazyLock<Arc<CryptoProvider>> =
        std::sync::LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));
    PROVIDER.clone()
}

/// Whom a client trusts and what it shows, for [`crate::Options::tls`]. Clones are one: what [`Tls::replace`] sets holds for every
/// connection that is made from then on, of every clone; those that are there stay.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    /// Whom the other side has to be, where that is not the host of its address.
    name: Option<ServerName<'static>>,
    config: RwLock<Arc<ClientConfig>>,
}

impl Tls {
    /// Trusts servers whose certificate one of the roots has signed, for the host of the endpoint; shows the identity to those that ask
    /// for one.
    ///
    /// # Errors
    /// Roots or an identity that the library does not take.
    pub fn new(roots: &Roots, identity: Option<&Identity>) -> Result<Tls, Error> {
        let config = RwLock::new(config(roots, identity)?);
        Ok(Tls(Arc::new(Shared { name: None, config })))
    }

    /// The same, from files in PEM: of the roots, and of certificate and key.
    ///
    /// # Errors
    /// A file that cannot be read, or has not in it what it should; a key of another certificate.
    pub fn of_files(roots: &Path, identity: Option<(&Path, &Path)>) -> Result<Tls, Error> {
        let identity = identity.map(|(cert, key)| Identity::read(cert, key)).transpose()?;
        Tls::new(&Roots::read(roots)?, identity.as_ref())
    }

    /// The same, where servers have to bear that DNS name, whatever host they are reached at.
    ///
    /// # Errors
    /// As [`Tls::new`]; a name that is none.
    pub fn named(roots: &Roots, identity: Option<&Identity>, name: &str) -> Result<Tls, Error> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| Error::Name(name.to_owned()))?;
        let config = RwLock::new(config(roots, identity)?);
        Ok(Tls(Arc::new(Shared { name: Some(name), config })))
    }

    /// New connections trust these and show this.
    ///
    /// # Errors
    /// As [`Tls::new`]; it stays as it was.
    pub fn replace(&self, roots: &Roots, identity: Option<&Identity>) -> Result<(), Error> {
        let config = config(roots, identity)?;
        *self.0.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Makes connections for [`tonic::transport::Endpoint::connect_with_connector`], each with what is set by then.
    pub fn connector(
        &self,
    ) -> impl Service<Uri, Response = Connected, Error = io::Error, Future: Send> + Clone + Send + 'static + use<>
    {
        let tls = self.clone();
        tower::service_fn(move |uri: Uri| {
            let tls = tls.clone();
            async move { connect::connect(tls.config(), tls.0.name.as_ref(), &uri).await }
        })
    }

    /// Connects once, to hear why the server at the URL and this side come to no agreement on TLS; `None` where they do, or where that is not what
    /// keeps them apart. With TLS 1.3 a server tells only behind the handshake that it does not take what is shown, and calls learn no
    /// more than that their connection ended. Takes 2 s at most once the connection is there.
    pub async fn refusal(&self, uri: &Uri) -> Option<io::Error> {
        let connected = connect::connect(self.config(), self.0.name.as_ref(), uri).await;
        let heard = match connected {
            Ok(stream) => connect::heard(stream).await,
            Err(error) => Err(error),
        };
        // What the library finds wrong is invalid; all else is of the network.
        heard.err().filter(|error| error.kind() == io::ErrorKind::InvalidData)
    }

    fn config(&self) -> Arc<ClientConfig> {
        self.0.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tls").field("name", &self.0.name).finish_non_exhaustive()
    }
}

fn config(roots: &Roots, identity: Option<&Identity>) -> Result<Arc<ClientConfig>, Error> {
    let unusable = |error: rustls::Error| Error::Unusable(error.to_string());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.store(), provider())
        .build()
        .map_err(|error| Error::Unusable(error.to_string()))?;
    let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(VERSIONS);
    let builder = builder.map_err(unusable)?.with_webpki_verifier(verifier);
    let mut config = match identity {
        Some(identity) => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified())))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![connect::H2.to_vec()];
    Ok(Arc::new(config))
}
