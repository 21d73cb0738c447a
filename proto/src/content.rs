//! What tells two versions of one resource with the same number apart.

use xxhash_rust::xxh3::Xxh3;

/// Of the version that was written at `last_updated_ms`, deleted the resource or holds `body`: the content that a put names in
/// `expected_content`. The same on every machine and in every release, since logs are applied again.
pub fn content(last_updated_ms: u64, deleted: bool, body: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&last_updated_ms.to_le_bytes());
    hash.update(&[u8::from(deleted)]);
    hash.update(body);
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_tells_and_the_number_never_changes() {
        let all = [
            content(1, false, b"a"),
            content(2, false, b"a"),
            content(1, true, b"a"),
            content(1, false, b"b"),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one));
        }
        assert_eq!(content(1, false, b"a"), 755_016_124_251_903_397);
    }
}
