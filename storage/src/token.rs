//! A name for one piece of a node's work, by which others tell whether somebody still stands behind it.

/// Which node, in which of its lives, and the how manieth piece: the id of a transaction, the holder of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// Its number in the cluster.
    pub node: u64,
    /// Drawn anew whenever the node starts.
    pub incarnation: u64,
    /// Counted from the start.
    pub number: u64,
}

impl Token {
    /// As the log has it.
    pub fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        for (part, number) in bytes.chunks_exact_mut(8).zip([self.node, self.incarnation, self.number]) {
            part.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// `None` for names of before there were tokens.
    pub fn parse(bytes: &[u8]) -> Option<Token> {
        let [node, incarnation, number] = bytes.as_chunks::<8>().0 else { return None };
        let whole = bytes.len() == 24;
        whole.then(|| Token {
            node: u64::from_be_bytes(*node),
            incarnation: u64::from_be_bytes(*incarnation),
            number: u64::from_be_bytes(*number),
        })
    }

    /// Whether `old` is a name from another life of the node that `new` is of. Holders once were the node's number alone.
    pub fn is_of_earlier_life(old: &[u8], new: &[u8]) -> bool {
        let Some(new) = Token::parse(new) else { return false };
        match Token::parse(old) {
            Some(old) => old.node == new.node && old.incarnation != new.incarnation,
            None => old == new.node.to_be_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_lives_told_apart() {
        let token = |node, incarnation, number| Token { node, incarnation, number }.to_bytes();
        let name = Token { node: 1, incarnation: 2, number: 3 };
        assert_eq!(Token::parse(&name.to_bytes()), Some(name));
        assert_eq!(Token::parse(b"sixteen bytes --"), None);
        assert!(Token::is_of_earlier_life(&token(1, 2, 3), &token(1, 4, 1)));
        assert!(Token::is_of_earlier_life(&1_u64.to_be_bytes(), &token(1, 4, 1)));
        for other in [&token(1, 4, 9)[..], &token(2, 2, 3), &2_u64.to_be_bytes(), b"a"] {
            assert!(!Token::is_of_earlier_life(other, &token(1, 4, 1)));
        }
        assert!(!Token::is_of_earlier_life(&token(1, 2, 3), b"a"));
    }
}
