//! Names for this node's transactions and reservations, by which it knows later whether somebody is still at work on them.

use bytes::Bytes;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::Token;

/// Gives out names; each once.
#[derive(Debug)]
pub struct Tokens {
    node: u64,
    incarnation: u64,
    next: AtomicU64,
}

/// Who stands behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This node, now.
    This,
    /// Nobody: an earlier life of this node, or one of before names told.
    Gone,
    /// That other node; whether it lives is for it to say.
    Other(u64),
}

impl Tokens {
    /// For the node with that number, in a new life, whose number is drawn by chance.
    pub fn new(node: u64, incarnation: u64) -> Self {
        Tokens { node, incarnation, next: AtomicU64::new(1) }
    }

    /// This life's number.
    pub fn life(&self) -> u64 {
        self.incarnation
    }

    /// A new name, as the log has it.
    pub fn next(&self) -> Bytes {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let token = Token { node: self.node, incarnation: self.incarnation, number };
        Bytes::copy_from_slice(&token.to_bytes())
    }

    /// Who stands behind the name.
    pub fn owner(&self, name: &[u8]) -> Owner {
        match Token::parse(name) {
            Some(token) if token.node != self.node => Owner::Other(token.node),
            Some(token) if token.incarnation == self.incarnation => Owner::This,
            _ => Owner::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_knows_its_own_names_its_earlier_ones_and_those_of_others() {
        let (now, before, other) = (Tokens::new(1, 7), Tokens::new(1, 8), Tokens::new(2, 7));
        assert_ne!(now.next(), now.next());
        assert_eq!(now.owner(&now.next()), Owner::This);
        assert_eq!(now.owner(&before.next()), Owner::Gone);
        assert_eq!(now.owner(b"sixteen bytes --"), Owner::Gone);
        assert_eq!(now.owner(&other.next()), Owner::Other(2));
    }
}
