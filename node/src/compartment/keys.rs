//! Which idempotency keys this node saw lately, whatever partition their answers are in: the row of a key is found by
//! the request it came with, so another request under it may look elsewhere.

use super::{Dedup, key_reused};
use parking_lot::Mutex;
use proto::{Error, TenantId};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Keys of a generation; there are two, and a full one pushes the older out. Some 3 MB each.
const GENERATION: usize = 128 << 10;

/// The keys of writes that were acknowledged since the start, the newest [`GENERATION`] at least.
#[derive(Debug, Default)]
pub struct Keys(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: FxHashMap<u64, u64>,
    old: FxHashMap<u64, u64>,
}

impl Keys {
    /// To be asked before anything is done under the key.
    ///
    /// # Errors
    /// `KeyReused`: another request under it was acknowledged.
    pub fn check(&self, tenant: TenantId, dedup: &Dedup) -> Result<(), Error> {
        let keys = self.0.lock();
        let name = name(tenant, dedup);
        match keys.young.get(&name).or_else(|| keys.old.get(&name)) {
            Some(fingerprint) if *fingerprint != dedup.fingerprint => Err(key_reused()),
            _ => Ok(()),
        }
    }

    /// A write under the key was acknowledged. Not noted by [`Keys::check`] already: a request that is refused leaves its key
    /// to another.
    pub fn acknowledged(&self, tenant: TenantId, dedup: &Dedup) {
        let mut keys = self.0.lock();
        if keys.young.len() >= GENERATION {
            keys.old = std::mem::take(&mut keys.young);
        }
        keys.young.insert(name(tenant, dedup), dedup.fingerprint);
    }
}

fn name(tenant: TenantId, dedup: &Dedup) -> u64 {
    xxh3_64_with_seed(&dedup.key, u64::from(tenant.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{Code, Slot};

    fn dedup(key: &str, fingerprint: u64) -> Dedup {
        Dedup { key: key.as_bytes().into(), home: Slot(0), fingerprint, retention_ms: 0, found: vec![] }
    }

    #[test]
    fn a_key_is_its_requests_and_its_tenants() {
        let keys = Keys::default();
        keys.acknowledged(TenantId(1), &dedup("k", 7));
        assert!(keys.check(TenantId(1), &dedup("k", 7)).is_ok());
        assert!(keys.check(TenantId(2), &dedup("k", 8)).is_ok());
        assert_eq!(keys.check(TenantId(1), &dedup("k", 8)).unwrap_err().code, Code::KeyReused);
    }

    #[test]
    fn memory_is_bounded_and_the_newest_stay() {
        let keys = Keys::default();
        for number in 0..3 * GENERATION {
            keys.acknowledged(TenantId(1), &dedup(&number.to_string(), 7));
        }
        let generations = keys.0.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
        drop(generations);
        let newest = (3 * GENERATION - 1).to_string();
        assert!(keys.check(TenantId(1), &dedup(&newest, 8)).is_err());
        assert!(keys.check(TenantId(1), &dedup("0", 8)).is_ok());
    }
}
