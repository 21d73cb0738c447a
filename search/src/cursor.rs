//! Page cursors: opaque, signed, bound to their query, good across restarts.
//!
//! `base64url(version u8 ‖ query digest u64 ‖ sort hash u64 ‖ type u16 ‖ id ‖ HMAC-SHA-256 cut to 16 bytes)`, and where an
//! order was asked for, `‖ 0 ‖ its key` behind the id. The version says that, too, on which side of that place the page begins and which way it
//! goes. The key of the signature comes
//! from outside: an engine with an index keeps it in its folder. A signature keeps a caller from steering a search to places
//! its query would not reach, and tells a stale or foreign cursor from a good one.

use crate::error::{Error, Result};
use crate::page::SortKey;
use crate::start::Start;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use proto::id::{ResourceId, TypeCode};
use sha2::Sha256;
use std::sync::OnceLock;

/// Of a page behind a place in the default order.
const AFTER: u8 = 1;
/// The same in an order that was asked for. Raised when the keys of [`crate::sort::Sort`] change, and [`OTHER`] with it.
const AFTER_ORDERED: u8 = 3;
/// Of another page, plus what follows.
const OTHER: u8 = 8;
const IS_ORDERED: u8 = 1;
const IS_BACK: u8 = 2;
const IS_BEHIND: u8 = 4;
const HEAD: usize = 1 + 8 + 8 + 2;
const TAG: usize = 16;
/// The longest text that can be a cursor.
const TEXT_MAX: usize = 2048;

/// Signs and checks cursors.
pub struct Signer {
    key: Box<[u8]>,
    own: Hmac<Sha256>,
    /// Of all nodes, once they have agreed.
    agreed: OnceLock<Hmac<Sha256>>,
}

impl Signer {
    /// With a key of any length.
    pub fn new(key: &[u8]) -> Self {
        Signer { key: key.into(), own: mac(key), agreed: OnceLock::new() }
    }

    /// The key it was made with.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Signs and takes cursors by that key from now on; the first one stands.
    pub fn agree(&self, key: &[u8]) {
        self.agreed.get_or_init(|| mac(key));
    }

    fn mac(&self) -> Hmac<Sha256> {
        self.agreed.get().unwrap_or(&self.own).clone()
    }

    /// The cursor of a page of the query with that digest.
    pub fn sign(&self, digest: u64, start: &Start) -> String {
        let last = &start.place;
        let mut bytes = Vec::with_capacity(HEAD + ResourceId::LEN_MAX + TAG);
        bytes.push(version(start));
        bytes.extend_from_slice(&digest.to_be_bytes());
        bytes.extend_from_slice(&last.hash.to_be_bytes());
        bytes.extend_from_slice(&last.type_code.0.to_be_bytes());
        bytes.extend_from_slice(last.id.as_str().as_bytes());
        if !last.order.is_empty() {
            bytes.push(0);
            bytes.extend_from_slice(&last.order);
        }
        let tag = self.mac().chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag[..TAG]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Where the page of a cursor of the query with that digest begins.
    pub fn check(&self, digest: u64, cursor: &str) -> Result<Start> {
        const FOREIGN: Error = Error::Cursor("the page cursor is damaged or not from this server");
        if cursor.len() > TEXT_MAX {
            return Err(FOREIGN);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| FOREIGN)?;
        let Some((signed, tag)) = bytes.split_last_chunk::<TAG>() else { return Err(FOREIGN) };
        if self.mac().chain_update(signed).verify_truncated_left(tag).is_err() {
            return Err(FOREIGN);
        }
        let Some((head, id)) = signed.split_first_chunk::<HEAD>() else { return Err(FOREIGN) };
        let flags = match head[0] {
            AFTER => IS_BEHIND,
            AFTER_ORDERED => IS_BEHIND | IS_ORDERED,
            other => other.checked_sub(OTHER).filter(|flags| *flags < 8).ok_or(FOREIGN)?,
        };
        let (id, order) = match flags & IS_ORDERED != 0 {
            false => (id, None),
            true => {
                let end = id.iter().position(|byte| *byte == 0).ok_or(FOREIGN)?;
                (&id[..end], Some(&id[end + 1..]))
            }
        };
        let number = |from: usize| u64::from_be_bytes(head[from..from + 8].try_into().expect("8 bytes"));
        if number(1) != digest {
            return Err(Error::Cursor(
                "the page cursor belongs to another search: its parameters must not change",
            ));
        }
        let id = std::str::from_utf8(id).ok().and_then(|id| ResourceId::parse(id).ok()).ok_or(FOREIGN)?;
        let type_code = TypeCode(u16::from_be_bytes([head[17], head[18]]));
        let place = SortKey { order: order.unwrap_or_default().into(), hash: number(9), type_code, id };
        Ok(Start { place, is_behind: flags & IS_BEHIND != 0, is_back: flags & IS_BACK != 0 })
    }
}

/// Where a search goes on is written as it always was.
fn version(start: &Start) -> u8 {
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    let is_ordered = !start.place.order.is_empty();
    match (start.is_behind && !start.is_back, is_ordered) {
        (true, false) => AFTER,
        (true, true) => AFTER_ORDERED,
        (false, _) => {
            OTHER
                + flag(is_ordered, IS_ORDERED)
                + flag(start.is_back, IS_BACK)
                + flag(start.is_behind, IS_BEHIND)
        }
    }
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::id::TenantId;

    fn place(id: &str) -> Start {
        Start::after(SortKey::of(TenantId(1), TypeCode(7), ResourceId::parse(id).unwrap()))
    }

    #[test]
    fn nodes_that_agreed_on_a_key_take_each_others_cursors() {
        let (one, other) = (Signer::new(b"one"), Signer::new(b"other"));
        let cursor = one.sign(42, &place("a"));
        assert!(other.check(42, &cursor).is_err());
        other.agree(one.key());
        one.agree(b"one");
        other.agree(b"the first stands");
        assert_eq!(other.check(42, &cursor).unwrap(), place("a"));
        assert_eq!(one.check(42, &other.sign(42, &place("b"))).unwrap(), place("b"));
    }

    #[test]
    fn what_a_cursor_says_comes_back() {
        let signer = Signer::new(b"key");
        let mut all = std::collections::BTreeSet::new();
        for flags in 0..8 {
            let order: &[u8] = if flags & 1 == 0 { &[] } else { &[0, 7, 0, 255] };
            let place = SortKey { order: order.into(), ..place("abc").place };
            let start = Start { place, is_behind: flags & 2 == 0, is_back: flags & 4 != 0 };
            let cursor = signer.sign(42, &start);
            assert_eq!(signer.check(42, &cursor).unwrap(), start);
            all.insert(cursor);
        }
        assert_eq!(all.len(), 8);
    }

    #[test]
    fn anything_else_is_refused() {
        let signer = Signer::new(b"key");
        let cursor = signer.sign(42, &place("abc"));
        assert!(signer.check(43, &cursor).unwrap_err().to_string().contains("another search"));
        assert!(Signer::new(b"other").check(42, &cursor).is_err());
        for bad in ["", "x", "!!", &cursor[1..], &"A".repeat(5000)] {
            assert!(signer.check(42, bad).is_err(), "{bad}");
        }
        for at in 0..cursor.len() {
            let mut bytes = cursor.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(signer.check(42, std::str::from_utf8(&bytes).unwrap()).is_err(), "changed at {at}");
        }
    }
}
