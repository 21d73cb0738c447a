//! Idempotency keys.

/// A fresh random key of 128 bits as 32 hexadecimal digits. Two calls never give the same key.
pub fn idempotency_key() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Puts a random key into an empty field.
pub(crate) fn fill(field: &mut String) {
    if field.is_empty() {
        *field = idempotency_key();
    }
}

/// A key of 128 bits that depends on the content alone, so that a write sent again by another process is known
/// as the same one. `salt` tells writes of equal content apart that are not the same write (0 where that cannot be).
pub fn content_key(content: &[u8], salt: u64) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128_with_seed(content, salt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        assert_eq!(content_key(b"a", 0), content_key(b"a", 0));
        assert_ne!(content_key(b"a", 0), content_key(b"b", 0));
        assert_ne!(content_key(b"a", 0), content_key(b"a", 1));
        assert_eq!(content_key(b"", 0).len(), 32);
    }
}
