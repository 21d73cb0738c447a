//! The bytes of a batch. All numbers little endian.
//!
//! ```text
//! frame  = magic u32 | crc32c u32 of all that follows | length u32 of the records | 0 u32 | salt u64 | records,
//!          padded with zeros to a multiple of 8
//! record = kind u8 | group u32 | index u64 | length u32 | crc32c u32 of the bytes | bytes
//! ```
//!
//! A segment's chain is the checksum of its header and of the checksums of its frames, in order.

use bytes::Bytes;
use std::io;

pub(super) const FRAME_HEADER: usize = 24;
pub(super) const RECORD_HEADER: usize = 21;
/// Of a seal or a mark, padded. Every segment has this much left at its end.
pub(super) const NOTE_BYTES: u64 = 48;
const MAGIC: u32 = 0x5257_4c53;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// The entry at `index`; replaces it and all after it.
    Entry = 1,
    /// The group's vote.
    Vote = 2,
    /// Entries from `index` on are gone.
    Truncate = 3,
    /// Entries up to `index` are gone; the bytes describe the last of them.
    Purge = 4,
    /// The segment ends here, and the one with the id `index` follows.
    Seal = 5,
    /// In a checkpoint: older segments hold entries of the group up to `index` that are not purged.
    Held = 6,
    /// All before is durable. The next frame is written over it.
    Mark = 7,
    /// Entries and purge point of the group are gone, whatever their indexes; the bytes are its vote from then on.
    Forget = 8,
}

impl Kind {
    fn from_number(number: u8) -> Option<Kind> {
        const ALL: [Kind; 8] = [
            Kind::Entry,
            Kind::Vote,
            Kind::Truncate,
            Kind::Purge,
            Kind::Seal,
            Kind::Held,
            Kind::Mark,
            Kind::Forget,
        ];
        ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// One record of a frame that was read; `at` is where its bytes start within the frame.
pub(super) struct Record {
    pub kind: Kind,
    pub group: u32,
    pub index: u64,
    pub at: usize,
    pub bytes: Bytes,
    pub crc: u32,
}

/// Builds one frame in a buffer that is used again.
#[derive(Default)]
pub(super) struct Builder {
    buffer: Vec<u8>,
}

impl Builder {
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.buffer.resize(FRAME_HEADER, 0);
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.len() <= FRAME_HEADER
    }

    /// Returns where in the frame the bytes start, and their checksum.
    pub(super) fn push(&mut self, kind: Kind, group: u32, index: u64, bytes: &[u8]) -> (usize, u32) {
        let crc = crc32c::crc32c(bytes);
        self.buffer.push(kind as u8);
        self.buffer.extend_from_slice(&group.to_le_bytes());
        self.buffer.extend_from_slice(&index.to_le_bytes());
        self.buffer.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.buffer.extend_from_slice(&crc.to_le_bytes());
        let at = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        (at, crc)
    }

    /// The finished frame for the segment with that salt. May be called again with another salt.
    pub(super) fn finish(&mut self, salt: u64) -> &[u8] {
        let records = self.buffer.len() - FRAME_HEADER;
        self.buffer[..4].copy_from_slice(&MAGIC.to_le_bytes());
        self.buffer[8..12].copy_from_slice(&(records as u32).to_le_bytes());
        self.buffer[16..24].copy_from_slice(&salt.to_le_bytes());
        let crc = crc32c::crc32c(&self.buffer[8..]);
        self.buffer[4..8].copy_from_slice(&crc.to_le_bytes());
        &self.buffer
    }
}

/// The bytes of a frame with one record that says only `kind` and `index`; [`NOTE_BYTES`] long.
pub(super) fn note(kind: Kind, index: u64, salt: u64) -> Vec<u8> {
    let mut frame = Builder::default();
    frame.clear();
    frame.push(kind, 0, index, &[]);
    frame.finish(salt);
    frame.buffer
}

/// The checksum of a segment up to the end of `frame`, from the checksum before it.
pub(super) fn chained(chain: u32, frame: &[u8]) -> u32 {
    crc32c::crc32c_append(chain, &frame[4..8])
}

/// Where the next frame may start after one that ends at `offset`.
pub(super) fn aligned(offset: u64) -> u64 {
    offset.next_multiple_of(8)
}

/// The length of the records, if `header` can be a frame's under this salt.
pub(super) fn records_len(header: &[u8; FRAME_HEADER], salt: u64) -> Option<usize> {
    let matches = read_u32(header, 0) == MAGIC && read_u64(header, 16) == salt;
    matches.then(|| read_u32(header, 8) as usize)
}

/// Whether the whole frame (header and records) is as it was written.
pub(super) fn is_intact(frame: &[u8]) -> bool {
    crc32c::crc32c(&frame[8..]) == read_u32(frame, 4)
}

/// The records of an intact frame.
pub(super) fn records(frame: &Bytes) -> io::Result<Vec<Record>> {
    let mut found = Vec::new();
    let mut at = FRAME_HEADER;
    while at < frame.len() {
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "a log record that this program cannot read");
        let header = frame.get(at..at + RECORD_HEADER).ok_or_else(bad)?;
        let kind = Kind::from_number(header[0]).ok_or_else(bad)?;
        let len = read_u32(header, 13) as usize;
        at += RECORD_HEADER;
        if frame.len() - at < len {
            return Err(bad());
        }
        let bytes = frame.slice(at..at + len);
        let (group, index, crc) = (read_u32(header, 1), read_u64(header, 5), read_u32(header, 17));
        found.push(Record { kind, group, index, at, bytes, crc });
        at += len;
    }
    Ok(found)
}

fn read_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn read_u64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
