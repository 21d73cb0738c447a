//! Keys that appear twice in one object.
//!
//! While an object is open, a 32-bit set of its keys is kept; only a key whose bit is taken is compared with its
//! siblings. Objects with more members than [`COMPARED_MAX`] are sorted once when they close instead, so that no
//! body costs quadratic time.

use super::{
    string,
    tape::{Entry, Tag},
};
use crate::names::NameId;

/// Siblings a key is compared with one by one.
const COMPARED_MAX: usize = 32;

pub(super) enum Found {
    None,
    Same,
    TooMany,
}

/// The bit that stands for a key.
#[inline(always)]
pub(super) fn bit(key: &Entry) -> u32 {
    let mix = if key.name == NameId::UNKNOWN { key.end - key.start } else { u32::from(key.name.0) };
    // An escaped key without a name may equal one of another length, so all of them share a bit with those.
    if key.name == NameId::UNKNOWN && key.flags != 0 { u32::MAX } else { 1 << (mix & 31) }
}

/// Compares the newest key of the object `open` with those before it.
#[inline(never)]
pub(super) fn compare(text: &str, tape: &[Entry], open: u32, newest: u32) -> Found {
    let mut at = open + 1;
    for _ in 0..COMPARED_MAX {
        if at == newest {
            return Found::None;
        }
        if same(text, &tape[at as usize], &tape[newest as usize]) {
            return Found::Same;
        }
        at = tape[at as usize + 1].next;
    }
    Found::TooMany
}

fn same(text: &str, one: &Entry, other: &Entry) -> bool {
    if one.name != other.name {
        return false;
    }
    one.name != NameId::UNKNOWN || string::text_of(text, one) == string::text_of(text, other)
}

/// The first key in document order that repeats an earlier one of the complete object `open`.
#[inline(never)]
pub(super) fn first(text: &str, tape: &[Entry], open: u32) -> Option<u32> {
    let mut keys = Vec::new();
    let mut at = open as usize + 1;
    while at < tape.len() {
        debug_assert_eq!(tape[at].tag, Tag::Key);
        keys.push((string::text_of(text, &tape[at]), at as u32));
        at = tape[at + 1].next as usize;
    }
    keys.sort_unstable();
    keys.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1).min()
}
