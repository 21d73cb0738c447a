//! The id that ties a request, its log lines and its answer together.

use std::sync::Arc;

const LEN_MAX: usize = 128;

/// The caller's id where it is visible ASCII of at most 128 bytes, else one made here: 32 hexadecimal digits.
pub fn accept(given: Option<&[u8]>) -> Arc<str> {
    let fit = |id: &&[u8]| !id.is_empty() && id.len() <= LEN_MAX && id.iter().all(u8::is_ascii_graphic);
    match given.filter(fit).and_then(|id| std::str::from_utf8(id).ok()) {
        Some(id) => Arc::from(id),
        None => Arc::from(format!("{:032x}", rand::random::<u128>())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fit_id_is_taken_over() {
        assert_eq!(&*accept(Some(b"abc-1")), "abc-1");
        for bad in [&b""[..], b"a b", b"a\nb", "ä".as_bytes(), &[b'a'; 129]] {
            assert_eq!(accept(Some(bad)).len(), 32);
        }
        assert_ne!(accept(None), accept(None));
    }
}
