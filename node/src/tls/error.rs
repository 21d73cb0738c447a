//! Why files cannot be used.

use std::path::PathBuf;

/// Names the option, the file, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{options}: {source}")]
    File { options: &'static str, source: client::tls::Error },
    #[error(
        "tls.cert: {} does not bear the DNS name {name}, by which other nodes would know this one (tls.peer_name)",
        path.display()
    )]
    Unmarked { path: PathBuf, name: String },
    #[error("TLS: {0}")]
    Unusable(String),
}
