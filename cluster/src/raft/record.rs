//! The head of a log entry's record, and the record of a command: see [`codec`](super::codec).

use bytes::{Buf, BufMut, Bytes, BytesMut};
use prost::Message;
use std::io;

pub(super) const VERSION: u8 = 1;
pub(super) const BLANK: u8 = 0;
pub(super) const MEMBERSHIP: u8 = 1;
pub(super) const COMMAND: u8 = 2;
pub(super) const META: u8 = 3;
pub(super) const ENTRY_HEADER: usize = 10;
const TERM: std::ops::Range<usize> = 2..ENTRY_HEADER;

/// The record of a command whose term is not known yet.
pub(super) fn encode_command(kind: u8, message: &impl Message) -> Bytes {
    let mut out = header(kind, 0, message.encoded_len());
    message.encode_raw(&mut out);
    Bytes::from(out)
}

/// The beginning of a record, with room for what follows.
pub(super) fn header(kind: u8, term: u64, capacity: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(ENTRY_HEADER + capacity);
    out.extend_from_slice(&[VERSION, kind]);
    out.put_u64_le(term);
    out
}

/// Puts the term into a record: in place where nobody else has it.
pub(super) fn set_term(record: &mut Bytes, term: u64) {
    let term = term.to_le_bytes();
    if record[TERM] != term {
        let own = std::mem::take(record).try_into_mut();
        let mut own = own.unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        own[TERM].copy_from_slice(&term);
        *record = own.freeze();
    }
}

/// Kind and message of the record of a command.
pub(super) fn command(mut record: Bytes) -> io::Result<(u8, Bytes)> {
    let kind = version(&mut record, ENTRY_HEADER)?.get_u8();
    record.advance(TERM.len());
    match kind {
        COMMAND | META => Ok((kind, record)),
        _ => Err(bad("a log entry that is no command")),
    }
}

/// Checks length and version, and steps over the latter.
pub(super) fn version(bytes: &mut Bytes, len_min: usize) -> io::Result<&mut Bytes> {
    if bytes.len() < len_min || bytes[0] != VERSION {
        return Err(bad("a log record of an unknown version"));
    }
    bytes.advance(1);
    Ok(bytes)
}

pub(super) fn bad(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
