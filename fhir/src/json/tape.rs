//! The tape: entries in document order, an object as key, value, key, value, …

use crate::names::NameId;

/// What an entry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    True,
    False,
    Number,
    String,
    Array,
    Object,
    Key,
}

/// One key or value: 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Offset of the first byte (the quote, bracket or digit) in the source.
    pub start: u32,
    /// Offset after the last byte. While a container is open: the bit set of the keys seen in it.
    pub end: u32,
    /// Index of the entry after this value with everything in it. While a container is open: its parent.
    pub next: u32,
    /// The interned name of a key; 0 for an unknown one and for all values.
    pub name: NameId,
    pub tag: Tag,
    pub flags: u8,
}

/// The parent of the root, while it is open.
pub(super) const NO_PARENT: u32 = u32::MAX;

/// The string or key has at least one backslash, so its text differs from its bytes.
pub(super) const ESCAPED: u8 = 1;

/// The object has more members than are compared pairwise; its keys are checked when it closes.
pub(super) const CHECK_AT_CLOSE: u8 = 2;

const _: () = assert!(size_of::<Entry>() == 16);
