//! Why a body is not a JSON document.

use std::fmt;

/// What is wrong, and what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    #[error("the body is empty; send one JSON document")]
    Empty,
    #[error("the body has {bytes} bytes, more than the {max} allowed; send less at once")]
    TooLarge { bytes: usize, max: usize },
    #[error("the body is not valid UTF-8; encode it as UTF-8")]
    NotUtf8,
    #[error("nested deeper than the {max} levels allowed; flatten the document")]
    TooDeep { max: usize },
    #[error("the body ends too early: expected {expected}")]
    UnexpectedEnd { expected: &'static str },
    #[error("expected {expected}, found {found:?}")]
    Unexpected { expected: &'static str, found: char },
    #[error("the key {0:?} appears twice in one object; keep one of them")]
    DuplicateKey(String),
    #[error("unescaped control character {0:#04x} in a string; write it as \\u{0:04x}")]
    ControlCharacter(u8),
    #[error(
        "unknown escape in a string; use \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four hexadecimal digits"
    )]
    BadEscape,
    #[error("half of a surrogate pair in a string; write both halves or the character itself")]
    LoneSurrogate,
    #[error("not a JSON number: {0}")]
    BadNumber(&'static str),
    #[error("text after the end of the document, beginning with {0:?}; send one document")]
    TrailingText(char),
}

/// An [`ErrorKind`] with the place it was met at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    offset: usize,
    line: usize,
    column: usize,
    path: String,
}

impl Error {
    pub(super) fn without_place(kind: ErrorKind) -> Self {
        Error { kind, offset: 0, line: 1, column: 1, path: String::new() }
    }

    pub(super) fn at(kind: ErrorKind, offset: usize, source: &[u8]) -> Self {
        let (line, column) = line_and_column(source, offset);
        Error { kind, offset, line, column, path: String::new() }
    }

    pub(super) fn with_path(mut self, path: String) -> Self {
        self.path = path;
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Byte offset in the body, from 0.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Column in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The element, such as `Patient.name[0].given`; it starts with `$` where the resource type is not known (yet),
    /// and is empty where the error concerns the whole body.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.kind, self.path.is_empty()) {
            (ErrorKind::Empty | ErrorKind::TooLarge { .. }, _) => write!(f, "{}", self.kind),
            (_, true) => write!(f, "line {}, column {}: {}", self.line, self.column, self.kind),
            _ => write!(f, "{}, line {}, column {}: {}", self.path, self.line, self.column, self.kind),
        }
    }
}

impl std::error::Error for Error {}

/// Line and column of a byte offset, both from 1, the column in characters as an editor shows it.
pub(crate) fn line_and_column(source: &[u8], offset: usize) -> (usize, usize) {
    let before = &source[..offset.min(source.len())];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    // Counting the bytes that begin a character.
    let column = before[line_start..].iter().filter(|byte| **byte & 0xC0 != 0x80).count() + 1;
    (memchr::memchr_iter(b'\n', before).count() + 1, column)
}

/// An error on its way out of the parser, before line, column and path are worked out. Boxed, so that the results of
/// the hot functions fit in registers.
#[derive(Debug)]
pub(super) struct Fault {
    pub kind: ErrorKind,
    pub offset: usize,
}

impl Fault {
    #[cold]
    #[inline(never)]
    pub fn new(kind: ErrorKind, offset: usize) -> Box<Self> {
        Box::new(Fault { kind, offset })
    }

    /// `expected` was not there: either the text ended or another character came.
    #[cold]
    #[inline(never)]
    pub fn unexpected(expected: &'static str, text: &str, offset: usize) -> Box<Self> {
        // Faults are met at the start of a character; should one ever not be, the end of the text is reported.
        let kind = match text.get(offset..).and_then(|rest| rest.chars().next()) {
            Some(found) => ErrorKind::Unexpected { expected, found },
            None => ErrorKind::UnexpectedEnd { expected },
        };
        Fault::new(kind, offset)
    }
}
