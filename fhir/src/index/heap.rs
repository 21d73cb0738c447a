//! Where the texts and values of one set of index values lie.

use crate::definitions::known_texts;

/// Texts and values, each once. Reading is safe on any bytes: what does not fit is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heap<'a> {
    pub(super) texts: &'a [u8],
    pub(super) values: &'a [u8],
}

impl<'a> Heap<'a> {
    pub(super) const EMPTY: Heap<'static> = Heap { texts: &[], values: &[] };

    /// The tag of the value at an offset, and a cursor on its fields.
    #[inline]
    pub(super) fn value(self, offset: usize) -> Option<(u8, Fields<'a>)> {
        let (&tag, rest) = self.values.get(offset..)?.split_first()?;
        Some((tag, Fields { rest, heap: self }))
    }

    /// The text of a nonzero text code: see [`known_text`] and [`own_text`].
    #[inline]
    fn text(self, code: usize) -> Option<&'a str> {
        let number = (code - 1) >> 1;
        if (code - 1) & 1 == KNOWN {
            return known_texts::text(number);
        }
        let mut from = self.texts.get(number..)?;
        let len = read_number(&mut from)?;
        std::str::from_utf8(from.get(..usize::try_from(len).ok()?)?).ok()
    }
}

const KNOWN: usize = 1;

/// The code of a text that stands in `definitions/known-texts.txt`.
pub(super) fn known_text(number: u16) -> u64 {
    ((u64::from(number) << 1) | KNOWN as u64) + 1
}

/// The code of a text at an offset of this heap. 0 is no text.
pub(super) fn own_text(offset: u32) -> u64 {
    (u64::from(offset) << 1) + 1
}

/// A cursor on the fields of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    pub(super) rest: &'a [u8],
    pub(super) heap: Heap<'a>,
}

impl<'a> Fields<'a> {
    /// A text that may be absent; the outer `None` is damage.
    #[inline]
    pub(super) fn option(&mut self) -> Option<Option<&'a str>> {
        match self.number()? {
            0 => Some(None),
            code => self.heap.text(usize::try_from(code).ok()?).map(Some),
        }
    }

    #[inline]
    pub(super) fn text(&mut self) -> Option<&'a str> {
        self.option()?
    }

    pub(super) fn code(&mut self) -> Option<u16> {
        u16::try_from(self.number()?).ok()
    }

    #[inline]
    pub(super) fn number(&mut self) -> Option<u64> {
        read_number(&mut self.rest)
    }

    /// Signed, small magnitudes short.
    pub(super) fn signed(&mut self) -> Option<i64> {
        let folded = self.number()?;
        Some((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }

    /// Eight bytes.
    pub(super) fn key(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.rest.split_off(..8)?.try_into().ok()?))
    }

    pub(super) fn sized(&mut self) -> Option<&'a [u8]> {
        read_sized(&mut self.rest)
    }
}

/// A number as LEB128.
#[inline]
pub(super) fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// A length as LEB128, then that many bytes.
#[inline]
pub(super) fn read_sized<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = read_number(bytes)?;
    bytes.split_off(..usize::try_from(len).ok()?)
}

#[inline]
pub(super) fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
