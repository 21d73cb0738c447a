//! Ids the server assigns.

use super::{ResourceId, Slot};

/// A sortable id: 26 lower-case base32 characters (Crockford's alphabet) of 48 bits milliseconds, 16 bits slot, 58
/// random bits and 8 check bits. An id in which the check does not hold is a client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssignedId(u128, u8);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LEN: usize = 26;
const RANDOM_BITS: u32 = 58;

const fn decode_table() -> [u8; 256] {
    let mut table = [0xff_u8; 256];
    let mut i = 0;
    while i < 32 {
        table[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    table
}

static DECODE: [u8; 256] = decode_table();

impl AssignedId {
    /// `time_ms` since the epoch (48 bits are kept), `random` (58 bits are kept).
    pub fn new(time_ms: u64, slot: Slot, random: u64) -> Self {
        let time = u128::from(time_ms & ((1 << 48) - 1));
        let random = u128::from(random & ((1 << RANDOM_BITS) - 1));
        let payload = (time << (16 + RANDOM_BITS)) | (u128::from(slot.0) << RANDOM_BITS) | random;
        AssignedId(payload, check(payload))
    }

    /// The id behind the text, if the server assigned it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != LEN {
            return None;
        }
        // 130 bits: the last character's low 5 bits and the one before hold the check byte; the first 25 characters
        // hold 125 bits, so the value is read in two parts.
        let mut high: u128 = 0;
        for &byte in &text[..LEN - 2] {
            let digit = DECODE[byte as usize];
            if digit == 0xff {
                return None;
            }
            high = (high << 5) | u128::from(digit);
        }
        let (a, b) = (DECODE[text[LEN - 2] as usize], DECODE[text[LEN - 1] as usize]);
        if a == 0xff || b == 0xff {
            return None;
        }
        let low = (u16::from(a) << 5) | u16::from(b);
        let payload = (high << 2) | u128::from(low >> 8);
        let id = AssignedId(payload, low as u8);
        (check(payload) == id.1).then_some(id)
    }

    /// The slot inside.
    pub fn slot(self) -> Slot {
        Slot((self.0 >> RANDOM_BITS) as u16)
    }

    /// Milliseconds since the epoch.
    pub fn time_ms(self) -> u64 {
        (self.0 >> (16 + RANDOM_BITS)) as u64
    }

    /// The 26 characters.
    pub fn to_id(self) -> ResourceId {
        let mut text = [0_u8; LEN];
        let low = ((self.0 as u16 & 0b11) << 8) | u16::from(self.1);
        text[LEN - 1] = ALPHABET[usize::from(low & 31)];
        text[LEN - 2] = ALPHABET[usize::from(low >> 5)];
        let mut high = self.0 >> 2;
        for place in text[..LEN - 2].iter_mut().rev() {
            *place = ALPHABET[(high & 31) as usize];
            high >>= 5;
        }
        ResourceId::from_ascii(&text)
    }
}

fn check(payload: u128) -> u8 {
    xxhash_rust::xxh3::xxh3_64(&payload.to_be_bytes()) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_sorts_by_time() {
        let mut last = String::new();
        for i in 0..1000_u64 {
            let id = AssignedId::new(
                1_700_000_000_000 + i,
                Slot((i * 131) as u16),
                i.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            );
            let text = id.to_id();
            assert_eq!(AssignedId::parse(text.as_str()), Some(id));
            assert_eq!(id.slot(), Slot((i * 131) as u16));
            assert_eq!(id.time_ms(), 1_700_000_000_000 + i);
            assert!(text.as_str() > last.as_str());
            last = text.as_str().to_owned();
        }
    }

    #[test]
    fn a_clients_id_is_not_taken_for_ours() {
        let id = AssignedId::new(1, Slot(2), 3).to_id();
        let mut text = id.as_str().to_owned().into_bytes();
        text[25] = if text[25] == b'0' { b'1' } else { b'0' };
        assert_eq!(AssignedId::parse(std::str::from_utf8(&text).unwrap()), None);
        assert_eq!(AssignedId::parse("example"), None);
        assert_eq!(AssignedId::parse("ABCDEFGHJKMNPQRSTVWXYZ0123"), None);
    }
}
