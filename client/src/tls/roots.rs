//! Whom one trusts.

use super::{Error, identity::certificates};
use rustls::{RootCertStore, pki_types::CertificateDer};
use std::{path::Path, sync::Arc};

/// The authorities whose signature is believed. Never empty.
#[derive(Clone)]
pub struct Roots {
    store: Arc<RootCertStore>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// Reads every certificate of a file in PEM; all of them have to be usable.
    ///
    /// # Errors
    /// A file that cannot be read, or has no certificate in it, or a broken one.
    pub fn read(path: &Path) -> Result<Roots, Error> {
        let certificates = certificates(path)?;
        let mut store = RootCertStore::empty();
        for certificate in &certificates {
            store
                .add(certificate.clone())
                .map_err(|error| Error::Broken { path: path.to_owned(), reason: error.to_string() })?;
        }
        Ok(Roots { store: Arc::new(store), certificates })
    }

    /// As the library has them.
    pub fn store(&self) -> Arc<RootCertStore> {
        self.store.clone()
    }

    /// The certificates themselves, in the order of the file.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }
}
