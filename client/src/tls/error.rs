//! What is wrong with a file.

use std::path::PathBuf;

/// Why there is no TLS: names the file, and what to change.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },

    /// No certificate in it.
    #[error("{} has no certificate in it; expected is PEM, with BEGIN CERTIFICATE", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },

    /// No key in it.
    #[error(
        "{} has no private key in it; expected is PEM, with BEGIN PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY, not encrypted",
        path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },

    /// Something is in it, and broken.
    #[error("{} cannot be used: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What the library says.
        reason: String,
    },

    /// Key and certificate do not belong to each other.
    #[error("the key in {} is not that of the first certificate in {}", key.display(), cert.display())]
    OtherKey {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },

    /// No DNS name.
    #[error("{0:?} is not a DNS name")]
    Name(String),

    /// What was read cannot be put together.
    #[error("{0}")]
    Unusable(String),
}
