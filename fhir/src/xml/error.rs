//! Why XML cannot be read as a resource, or a resource not be written as XML.

use crate::json::line_and_column;
use std::fmt;

/// What is wrong, and what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    #[error("the body is empty; send one XML document")]
    Empty,
    #[error("the body has {bytes} bytes, more than the {max} allowed; send less at once")]
    TooLarge { bytes: usize, max: usize },
    #[error("nested deeper than the {max} levels allowed; flatten the document")]
    TooDeep { max: usize },
    #[error("the body is not valid UTF-8; encode it as UTF-8")]
    NotUtf8,
    #[error("the encoding {0:?} is not supported; encode the body as UTF-8")]
    Encoding(String),
    #[error("not well-formed XML: {0}")]
    Syntax(String),
    #[error("a document type declaration is not allowed; remove the DOCTYPE")]
    Doctype,
    #[error(
        "the entity &{0}; is not defined; XML knows amp, lt, gt, quot and apos, other characters are written as themselves or as &#160;"
    )]
    UnknownEntity(String),
    #[error("the character {0:#06x} is not allowed in XML; remove it")]
    Character(u32),
    #[error("more than {max} attributes on one element, or namespaces in one place; remove some")]
    TooManyAttributes { max: usize },
    #[error("the namespace prefix {0:?} is not declared; declare it with xmlns:{0}")]
    UnknownPrefix(String),
    #[error("the namespace must be {expected:?}; found {found:?}")]
    Namespace { expected: &'static str, found: String },
    #[error("{0:?} is not a resource type of FHIR R4; correct the name")]
    UnknownResource(String),
    #[error("R4 has no such element here; correct the name or remove it")]
    UnknownElement,
    #[error("the attribute {0:?} is not allowed here; remove it")]
    UnknownAttribute(String),
    #[error("this is an attribute of its parent in XML; write it as one")]
    IsAttribute,
    #[error("given more than once; keep one")]
    Duplicate,
    #[error("the repetitions of an element must stand together; move this one to the others")]
    Apart,
    #[error("text is not allowed here; a value is written in the attribute value")]
    Text,
    #[error("neither a value nor an extension; an element must have one, give it or remove the element")]
    NoValue,
    #[error("expected exactly one resource in this element")]
    OneResource,
    #[error("expected {expected}, found {found:?}")]
    Value { expected: &'static str, found: String },
    #[error("expected {expected}")]
    Expected { expected: &'static str },
}

/// An [`ErrorKind`] with the place it was met at: of the XML when reading, of the JSON when writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    offset: usize,
    line: usize,
    column: usize,
    path: String,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, offset: usize, source: &[u8], path: String) -> Self {
        let (line, column) = line_and_column(source, offset);
        Error { kind, offset, line, column, path }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Whether the body is XML, but not a resource as R4 writes it: what a validator would say, too.
    pub fn is_about_content(&self) -> bool {
        use ErrorKind::*;
        let is = |kind: &ErrorKind| match kind {
            UnknownElement
            | UnknownAttribute(_)
            | IsAttribute
            | Duplicate
            | Apart
            | Text
            | NoValue
            | OneResource
            | Value { .. }
            | Expected { .. } => true,
            Empty
            | TooLarge { .. }
            | TooDeep { .. }
            | NotUtf8
            | Encoding(_)
            | Syntax(_)
            | Doctype
            | UnknownEntity(_)
            | Character(_)
            | TooManyAttributes { .. }
            | UnknownPrefix(_)
            | Namespace { .. }
            | UnknownResource(_) => false,
        };
        // Text around the one element of the document is no XML at all.
        !self.path.is_empty() && is(&self.kind)
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

    /// The element, such as `Patient.name[0].given[1]`; empty where the error concerns the whole body.
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

/// An error on its way out, before line, column and path are worked out. Boxed, so that results stay small.
#[derive(Debug)]
pub(super) struct Fault {
    pub kind: ErrorKind,
    pub offset: usize,
}

impl Fault {
    #[cold]
    pub fn new(kind: ErrorKind, offset: usize) -> Box<Self> {
        Box::new(Fault { kind, offset })
    }
}

/// The beginning of a text for a message: what is hostile must not make a hostile message.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
