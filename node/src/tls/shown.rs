//! Who is at the other end, as far as it was shown.

/// What the peer of a connection showed in its handshake; every request has it among its extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// There was no handshake: the connection is not encrypted.
    Plain,
    /// No certificate.
    Nothing,
    /// A client's certificate.
    Client,
    /// The certificate of a node of this cluster.
    Node,
}
