//! A fixed hash table over a few thousand short names, laid out at compile time.
//!
//! The hash looks at the length and at no more than the first and the last eight bytes, so a lookup costs two loads, two
//! multiplications, one probe and one compare of words for any name. Names equal in all of these would probe on: the
//! tests hold the longest probe short.

use super::lines::Span;

/// Slot numbers of names by hash; 0 is an empty slot, `n` is line `n - 1`.
pub(crate) struct HashTable<const SLOTS: usize>([u16; SLOTS]);

impl<const SLOTS: usize> HashTable<SLOTS> {
    /// Lays out the `N` names of `table`. `SLOTS` is a power of two, at least twice `N`.
    pub(crate) const fn new<const N: usize>(table: &[u8], spans: &[Span; N]) -> Self {
        assert!(SLOTS.is_power_of_two() && SLOTS >= 2 * N && N < u16::MAX as usize);
        let mut slots = [0u16; SLOTS];
        let mut line = 0;
        while line < N {
            let mut slot = hash(spans[line].of(table)) as usize % SLOTS;
            while slots[slot] != 0 {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = line as u16 + 1;
            line += 1;
        }
        HashTable(slots)
    }

    /// The line number of `name` counted from 1, or 0 if `name` is not in the table.
    #[inline]
    pub(crate) const fn find<const N: usize>(&self, table: &[u8], spans: &[Span; N], name: &[u8]) -> u16 {
        let mut slot = hash(name) as usize % SLOTS;
        loop {
            let line = self.0[slot];
            if line == 0 || equal(spans[line as usize - 1].of(table), name) {
                return line;
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// How many slots [`find`](Self::find) looks at for `name`.
    #[cfg(test)]
    pub(crate) fn probes<const N: usize>(&self, table: &[u8], spans: &[Span; N], name: &[u8]) -> usize {
        let mut slot = hash(name) as usize % SLOTS;
        let mut probes = 1;
        while self.0[slot] != 0 && spans[self.0[slot] as usize - 1].of(table) != name {
            slot = (slot + 1) % SLOTS;
            probes += 1;
        }
        probes
    }
}

#[inline]
const fn hash(name: &[u8]) -> u64 {
    let (head, tail) = ends(name);
    let mixed = (head ^ (name.len() as u64).rotate_left(56)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ tail.rotate_left(29).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ (mixed >> 32)
}

/// The first and the last eight bytes; shorter names give overlapping smaller words.
#[inline]
const fn ends(name: &[u8]) -> (u64, u64) {
    if let (Some(head), Some(tail)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
    } else if let (Some(head), Some(tail)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (u32::from_le_bytes(*head) as u64, u32::from_le_bytes(*tail) as u64)
    } else if let (Some(head), Some(tail)) = (name.first_chunk::<2>(), name.last_chunk::<2>()) {
        (u16::from_le_bytes(*head) as u64, u16::from_le_bytes(*tail) as u64)
    } else if let Some(byte) = name.first() {
        (*byte as u64, 0)
    } else {
        (0, 0)
    }
}

/// Up to sixteen bytes the two ends are the whole name; of longer ones the middle is compared too, a word at a time.
#[inline]
const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let ((a_head, a_tail), (b_head, b_tail)) = (ends(a), ends(b));
    if a_head != b_head || a_tail != b_tail {
        return false;
    }
    let mut at = 8;
    // What is left after the last whole word before the tail is part of the tail.
    while at + 8 < a.len() {
        if word(a, at) != word(b, at) {
            return false;
        }
        at += 8;
    }
    true
}

#[inline]
const fn word(name: &[u8], at: usize) -> u64 {
    match name.split_at(at).1.first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::equal;

    #[test]
    fn a_difference_anywhere_is_seen() {
        for len in 0..80 {
            let name: Vec<u8> = (0..len).collect();
            assert!(equal(&name, &name.clone()));
            for at in 0..name.len() {
                let mut other = name.clone();
                other[at] ^= 0x80;
                assert!(!equal(&name, &other), "{at} of {len}");
                assert!(!equal(&name, &name[..at]));
            }
        }
    }
}
