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
