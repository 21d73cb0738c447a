//! A parsed body.

use super::{
    error::{Error, ErrorKind},
    parse,
    tape::Entry,
    text::Text,
};
use bytes::Bytes;

/// What a body may ask of the parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nesting of arrays and objects; the root object is level 1. FHIR's own resources stay below 30. Never more than
    /// 512, whatever is configured: what reads a document may recurse.
    pub depth_max: usize,
    /// Size of the body; never more than 4 GiB. The tape takes at most 16 bytes per two bytes of the body (a list of
    /// one-digit numbers), and about as much as the body for real resources.
    pub bytes_max: usize,
}

/// Deep enough for anything, shallow enough for a small stack.
const DEPTH_MAX: usize = 512;

impl Default for Limits {
    fn default() -> Self {
        Limits { depth_max: 64, bytes_max: 64 << 20 }
    }
}

/// A well-formed JSON document: the bytes as received and the tape over them.
#[derive(Clone, Debug)]
pub struct Document {
    text: Text,
    tape: Vec<Entry>,
}

impl Document {
    /// Reads one JSON text with nothing after it but whitespace. A leading byte order mark is tolerated.
    ///
    /// Errors: anything RFC 8259 forbids, invalid UTF-8, unpaired surrogates, a key twice in one object, an empty
    /// body, more depth or bytes than `limits` allow. The error tells offset, line, column and path.
    pub fn parse(source: impl Into<Bytes>, limits: &Limits) -> Result<Self, Error> {
        let source = source.into();
        let max = limits.bytes_max.min(u32::MAX as usize);
        if source.len() > max {
            return Err(Error::without_place(ErrorKind::TooLarge { bytes: source.len(), max }));
        }
        let text = match Text::new(source.clone()) {
            Ok(text) => text,
            Err(error) => return Err(Error::at(ErrorKind::NotUtf8, error.valid_up_to(), &source)),
        };
        let tape = parse::tape(text.as_str(), limits.depth_max.min(DEPTH_MAX))?;
        Ok(Document { text, tape })
    }

    /// The bytes as received, byte order mark included.
    pub fn source(&self) -> &Bytes {
        self.text.bytes()
    }

    /// Memory the document holds, in bytes: for admission control.
    pub fn memory_bytes(&self) -> usize {
        self.source().len() + self.tape.capacity() * size_of::<Entry>()
    }

    /// Memory that the tape of `source` takes at most, beside the source itself, in bytes: for admission before it is
    /// parsed. A quick look at the bytes, whatever they are.
    pub fn tape_bytes_max(source: &[u8]) -> usize {
        parse::room_max(source) * size_of::<Entry>()
    }

    pub(super) fn text(&self) -> &str {
        self.text.as_str()
    }

    pub(super) fn tape(&self) -> &[Entry] {
        &self.tape
    }
}
