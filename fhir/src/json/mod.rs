//! JSON as a flat document: one pass over the bytes, nothing copied, nothing rounded.
//!
//! [`Document::parse`] validates a whole body strictly (RFC 8259, UTF-8, no duplicate keys, bounded depth and
//! size) and records one 16-byte entry per key and value in a *tape*. [`Node`] is a cheap cursor on it. Numbers
//! keep their text (`1.50` stays `1.50`), strings are unescaped only when asked for, every value knows the byte
//! range it was read from, and member names are interned to a [`NameId`] on the way.
//!
//! ```
//! use fhir::json::{Document, Limits};
//! let document = Document::parse(r#"{"resourceType":"Patient","active":true}"#, &Limits::default())?;
//! assert_eq!(document.root().get("active").and_then(|node| node.as_bool()), Some(true));
//! # Ok::<(), fhir::json::Error>(())
//! ```

mod document;
mod duplicate;
mod equal;
mod error;
mod node;
mod parse;
mod path;
mod scan;
mod string;
mod tape;
mod text;

pub use crate::names::NameId;
pub use document::{Document, Limits};
pub use equal::equal;
pub(crate) use equal::equal_members;
pub(crate) use error::line_and_column;
pub use error::{Error, ErrorKind};
pub use node::{Items, Key, Kind, Members, Node};
pub use string::{write_escaped, write_string};
