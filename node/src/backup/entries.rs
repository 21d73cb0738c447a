//! The entries of a log in a file: pieces of `index u64 | length u32 | record`, big-endian, records as the log has them.

use super::frames::{Reader, Writer, Written};
use bytes::{Buf, BufMut, Bytes};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Entries that go into one piece, in bytes.
const PIECE_BYTES: usize = 1 << 20;

/// The log of one partition, as the manifest has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    #[serde(flatten)]
    pub written: Written,
    /// The first and the last entry. There is one at the least.
    pub first: u64,
    pub last: u64,
}

/// Puts entries into a file.
pub struct Sink {
    writer: Writer,
    piece: Vec<u8>,
    first: u64,
    last: u64,
}

impl Sink {
    /// For entries from `first` on.
    pub fn create(dir: &Path, name: &str, first: u64) -> anyhow::Result<Sink> {
        let writer = Writer::create(dir, name)?;
        Ok(Sink { writer, piece: vec![], first, last: first.saturating_sub(1) })
    }

    /// Adds the next entry.
    pub fn put(&mut self, record: &Bytes) -> anyhow::Result<()> {
        self.last += 1;
        self.piece.put_u64(self.last);
        self.piece.put_u32(u32::try_from(record.len())?);
        self.piece.put_slice(record);
        if self.piece.len() >= PIECE_BYTES {
            self.writer.frame(&self.piece)?;
            self.piece.clear();
        }
        Ok(())
    }

    pub fn finish(mut self) -> anyhow::Result<Logged> {
        if !self.piece.is_empty() {
            self.writer.frame(&self.piece)?;
        }
        let written = self.writer.finish()?;
        Ok(Logged { written, first: self.first, last: self.last })
    }
}

/// Shows all entries of a file, in order.
///
/// # Errors
/// A file that is not as it was written; those of `see`.
pub fn each(
    dir: &Path,
    logged: &Logged,
    see: &mut dyn FnMut(storage::Entry) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut reader = Reader::open(dir, &logged.written)?;
    let mut next = logged.first;
    while let Some(piece) = reader.frame()? {
        let mut piece = Bytes::from(piece);
        while piece.has_remaining() {
            let (index, len) = match (piece.try_get_u64(), piece.try_get_u32()) {
                (Ok(index), Ok(len)) if len as usize <= piece.len() => (index, len as usize),
                _ => return Err(reader.damaged("an entry is cut off")),
            };
            if index != next {
                return Err(reader.damaged("an entry is missing or comes again"));
            }
            let entry = cluster::backup::entry(index, piece.split_to(len));
            see(entry.map_err(|error| reader.damaged(&error.to_string()))?)?;
            next += 1;
        }
    }
    match next == logged.last + 1 {
        true => Ok(()),
        false => Err(reader.damaged("entries are missing")),
    }
}
