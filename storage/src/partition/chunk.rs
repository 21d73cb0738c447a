//! The bytes of a partition's rows on their way to another node. Nodes of neighbouring versions read each other's: what
//! is here is for ever, and a change is a new format.
//!
//! ```text
//! chunk = format u8 (1) | crc32c u32 of all that follows | last u8 (1, else 0) | number u32, from 0 | applied index u64 | rows
//! row   = key length u32 | value length u32 | key | value
//! ```
//!
//! Integers are big-endian, rows in order of their keys over all chunks. A chunk has whole rows; the last one may have none.

use crate::error::{Error, Result};
use crate::key::Reader;
use bytes::Bytes;

const TABLE: &str = "snapshot";
const FORMAT: u8 = 1;
/// Format and checksum.
const ENVELOPE: usize = 5;
/// What comes before the rows.
const HEADER: usize = ENVELOPE + 13;

/// Makes chunks one after the other.
pub struct Builder {
    index: u64,
    number: u32,
    capacity: usize,
    bytes: Vec<u8>,
}

impl Builder {
    /// Of the rows at an applied index, in chunks of about `chunk_bytes`.
    pub fn new(index: u64, chunk_bytes: usize) -> Self {
        // A row may begin just below, and most are small.
        let capacity = HEADER + chunk_bytes + chunk_bytes / 8;
        Builder { index, number: 0, capacity, bytes: empty(capacity) }
    }

    /// Adds a row to the chunk in hand.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        for part in [key, value] {
            let len = u32::try_from(part.len()).expect("no row is as large as 4 GiB");
            self.bytes.extend_from_slice(&len.to_be_bytes());
        }
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
    }

    /// The length of the chunk in hand.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The chunk in hand; the next one begins.
    pub fn finish(&mut self, last: bool) -> Bytes {
        let mut bytes = std::mem::replace(&mut self.bytes, empty(if last { 0 } else { self.capacity }));
        bytes[0] = FORMAT;
        bytes[5] = u8::from(last);
        bytes[6..10].copy_from_slice(&self.number.to_be_bytes());
        bytes[10..18].copy_from_slice(&self.index.to_be_bytes());
        let crc = crc32c::crc32c(&bytes[ENVELOPE..]);
        bytes[1..5].copy_from_slice(&crc.to_be_bytes());
        self.number += 1;
        bytes.into()
    }
}

fn empty(capacity: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(capacity.max(HEADER));
    bytes.resize(HEADER, 0);
    bytes
}

/// One chunk, as it was sent.
pub struct Chunk<'b> {
    pub last: bool,
    pub number: u32,
    /// The applied index of the rows.
    pub index: u64,
    rows: &'b [u8],
}

impl<'b> Chunk<'b> {
    /// Reads the header; an error for bytes that are not as they were sent.
    pub fn read(bytes: &'b [u8]) -> Result<Self> {
        let mut reader = Reader::value(TABLE, FORMAT, bytes)?;
        let crc = reader.u32()?;
        if crc != crc32c::crc32c(&bytes[ENVELOPE..]) {
            return Err(corrupt("a chunk was damaged on its way"));
        }
        let last = reader.u8()? != 0;
        Ok(Chunk { last, number: reader.u32()?, index: reader.u64()?, rows: reader.rest() })
    }

    /// Shows every row, until `see` fails.
    pub fn each_row(&self, mut see: impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
        let mut rest = self.rows;
        while !rest.is_empty() {
            let mut reader = Reader::of(TABLE, rest);
            let (key_len, value_len) = (reader.u32()? as usize, reader.u32()? as usize);
            let (key, value) = (reader.bytes(key_len)?, reader.bytes(value_len)?);
            see(key, value)?;
            rest = reader.rest();
        }
        Ok(())
    }
}

/// That the chunks of one export come in their order, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Of the next chunk.
    number: u32,
    /// The applied index that the first chunk told.
    pub index: u64,
    /// The last one came.
    pub complete: bool,
}

impl Order {
    /// # Errors
    /// That chunk is not the next one.
    pub fn expect(&mut self, chunk: &Chunk<'_>) -> Result<()> {
        if self.complete {
            return Err(corrupt("a chunk comes after the last one"));
        }
        if chunk.number != self.number {
            return Err(corrupt("a chunk is missing or comes again"));
        }
        if self.number == 0 {
            self.index = chunk.index;
        }
        if chunk.index != self.index {
            return Err(corrupt("a chunk is of another export"));
        }
        Ok(())
    }

    /// All of it was taken.
    pub fn took(&mut self, chunk: &Chunk<'_>) {
        self.number += 1;
        self.complete = chunk.last;
    }
}

/// A snapshot that cannot be taken in.
pub fn corrupt(reason: &'static str) -> Error {
    Error::Corrupt { table: TABLE, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What nodes of this version send, for ever.
    #[test]
    fn the_bytes_of_a_chunk() {
        let mut builder = Builder::new(0x0102, 100);
        builder.push(b"key", b"value");
        builder.push(b"l", b"");
        let first = builder.finish(false);
        let second = builder.finish(true);
        let crc = crc32c::crc32c(&first[5..]).to_be_bytes();
        let rows = b"\0\0\0\x03\0\0\0\x05keyvalue\0\0\0\x01\0\0\0\0l";
        assert_eq!(first, [&[1][..], &crc, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2], rows].concat());
        assert_eq!(second[5..], [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn a_cut_or_changed_chunk_is_an_error() {
        let mut builder = Builder::new(7, 100);
        builder.push(b"key", b"value");
        let chunk = builder.finish(true);
        assert!(Chunk::read(&chunk).is_ok());
        for at in 0..chunk.len() {
            assert!(Chunk::read(&chunk[..at]).is_err());
            let mut changed = chunk.to_vec();
            changed[at] ^= 1;
            assert!(matches!(Chunk::read(&changed), Err(Error::Corrupt { table: "snapshot", .. })));
        }
    }
}
