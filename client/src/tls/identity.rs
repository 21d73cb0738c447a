//! Who one is: a certificate with its chain, and its key.

use super::{Error, provider};
use rustls::{
    InconsistentKeys,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    sign::CertifiedKey,
};
use std::{fs, path::Path, sync::Arc};

/// A certificate, those that lead from it towards a root, and its key.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// Reads both from files in PEM. The first certificate is its own, others are its chain.
    ///
    /// # Errors
    /// A file that cannot be read, or has no certificate or key in it; a key that is not the certificate's.
    pub fn read(cert: &Path, key: &Path) -> Result<Identity, Error> {
        let chain = certificates(cert)?;
        let signing = provider()
            .key_provider
            .load_private_key(private_key(key)?)
            .map_err(|error| Error::Broken { path: key.to_owned(), reason: error.to_string() })?;
        let certified = CertifiedKey::new(chain, signing);
        match certified.keys_match() {
            Ok(()) => Ok(Identity(Arc::new(certified))),
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(Error::OtherKey { cert: cert.to_owned(), key: key.to_owned() })
            }
            Err(error) => Err(Error::Broken { path: cert.to_owned(), reason: error.to_string() }),
        }
    }

    /// Its own certificate, and those that lead to a root. Never empty.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.0.cert
    }

    /// As the library has it.
    pub fn certified(&self) -> Arc<CertifiedKey> {
        self.0.clone()
    }
}

/// Every certificate of a file, one at least.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    match all {
        Ok(all) if all.is_empty() => Err(Error::NoCertificate { path: path.to_owned() }),
        Ok(all) => Ok(all),
        Err(error) => Err(Error::Broken { path: path.to_owned(), reason: error.to_string() }),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| match error {
        pem::Error::NoItemsFound => Error::NoKey { path: path.to_owned() },
        error => Error::Broken { path: path.to_owned(), reason: error.to_string() },
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}
