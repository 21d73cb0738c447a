//! An idempotency key, and the request it belongs to.

use bytes::Bytes;
use proto::{Code, Error, Slot, TenantId, api::v1::WriteResponse};
use std::sync::Arc;
use storage::{Answered, Partition};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A key belongs to the request it came with. Its row has a home that follows from the request alone, so a repetition
/// finds it wherever the resource is by then.
#[derive(Clone, Debug)]
pub struct Dedup {
    pub key: Arc<[u8]>,
    /// The partition of this slot keeps the answer, written with the first decision.
    pub home: Slot,
    /// Of everything in the request that says what to do; never 0.
    pub fingerprint: u64,
    /// How long the answer is kept.
    pub retention_ms: u64,
    /// Answers that are kept beside those of what is written, in order, with their places among all.
    pub found: Vec<(usize, WriteResponse)>,
}

impl Dedup {
    /// The answers given before, if this very request was. `partition` is that of the home.
    ///
    /// # Errors
    /// `KeyReused`: the key came with another request.
    pub fn answered(
        &self,
        partition: &Partition,
        tenant: TenantId,
        now_ms: u64,
    ) -> Result<Option<Vec<WriteResponse>>, Error> {
        self.answers_of(partition.dedup(tenant, &self.key, now_ms).map_err(crate::error::storage)?)
    }

    /// The same of what was found under the key.
    ///
    /// # Errors
    /// `KeyReused`: the key came with another request.
    pub fn answers_of(&self, row: Option<Answered>) -> Result<Option<Vec<WriteResponse>>, Error> {
        row.map(|row| self.answers(&row)).transpose()
    }

    /// What is kept: the answers of what is written, and those it found.
    pub fn kept(&self, written: &[WriteResponse]) -> Bytes {
        if self.found.is_empty() {
            return crate::answer::encode(written);
        }
        let mut all = written.to_vec();
        for (place, answer) in &self.found {
            all.insert((*place).min(all.len()), answer.clone());
        }
        crate::answer::encode(&all)
    }

    fn answers(&self, row: &Answered) -> Result<Vec<WriteResponse>, Error> {
        match row.is_of(self.fingerprint) {
            true => crate::answer::decode(&row.response),
            false => Err(key_reused()),
        }
    }
}

/// One number for the parts of a request.
pub fn fingerprint(parts: &[&[u8]]) -> u64 {
    // Chained by the seed, lengths included: moving a byte from one part to the next is another request.
    let add = |seed, part: &&[u8]| xxh3_64_with_seed(part, seed ^ part.len() as u64);
    parts.iter().fold(parts.len() as u64, add).max(1)
}

/// The refusal of a key that came with another request.
pub fn key_reused() -> Error {
    Error::new(
        Code::KeyReused,
        "this idempotency key came with another request before; use a new key for each new request, and the same key \
         only to send the very same request again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_tells_parts_and_their_borders_apart() {
        let all: [&[&[u8]]; 6] =
            [&[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"], &[b"abc", b""], &[b"", b"abc"], &[b"ab", b"d"]];
        let distinct: std::collections::BTreeSet<u64> = all.iter().map(|parts| fingerprint(parts)).collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"ab", b"c"]));
    }
}
