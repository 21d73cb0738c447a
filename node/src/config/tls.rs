//! Encryption, and who may connect.

use super::{range::DAY_MS, section::section};
use std::path::PathBuf;

section! {
    /// TLS 1.2 and 1.3, on both listeners and between nodes. All files are PEM; one that changes is read again while the node runs.
    Tls {
        /// The node's certificate and its chain: with it REST, gRPC and, with peer_roots, the listener for other nodes speak TLS and nothing else.
        cert: PathBuf = PathBuf::new();
        /// The certificate's key, not encrypted.
        key: PathBuf = PathBuf::new();
        /// Certificates of authorities: every client must show, on either wire, a certificate that one of them has signed. Empty: none is asked for.
        client_roots: PathBuf = PathBuf::new();
        /// Certificates of authorities: every node must show one that they signed and that bears peer_name, and only such a node can join.
        /// Needed for a cluster beyond loopback. Empty: nodes are not told from strangers.
        peer_roots: PathBuf = PathBuf::new();
        /// The DNS name that tells the certificates of this cluster's nodes from all others of their authority.
        peer_name: String = "salamander-node".to_owned();
        /// The longest a peer may take for its handshake before it is dropped.
        handshake_timeout_ms: u64 = 10_000 => 1..=DAY_MS;
        /// How often the files are looked at; SIGHUP has them read at once.
        reload_interval_ms: u64 = 5000 => 1..=DAY_MS;
        /// Lets a listener speak without TLS beyond loopback, where whoever is on the way reads and changes everything.
        insecure: bool = false;
    }
}
