//! Links in a Narrative's XHTML: the quoted values of `href` and `src`.

use super::reference::{Place, Reference};
use crate::json::Node;
use std::borrow::Cow;

/// The ways an attribute's quote is written inside a JSON string.
const QUOTES: [&[u8]; 2] = [b"\\\"", b"'"];

/// Adds the urls of `div`. It works on the escaped text, so that each keeps its place in the document; a url that
/// itself has escapes is left alone.
pub(super) fn collect<'d>(div: Node<'d>, found: &mut Vec<Reference<'d>>) {
    let raw = div.raw();
    let mut from = 0;
    while let Some(equals) = memchr::memchr(b'=', &raw[from..]).map(|at| from + at) {
        from = equals + 1;
        if !(raw[..equals].ends_with(b"href") || raw[..equals].ends_with(b"src")) {
            continue;
        }
        let Some(quote) = QUOTES.into_iter().find(|quote| raw[from..].starts_with(quote)) else { continue };
        let start = from + quote.len();
        let Some(length) = memchr::memmem::find(&raw[start..], quote) else { return };
        from = start + length;
        let url = std::str::from_utf8(&raw[start..from]).unwrap_or_default();
        if !url.is_empty() && !url.contains('\\') {
            let offset = div.span().start;
            let span = offset + start..offset + from;
            found.push(Reference { place: Place::Narrative, text: Cow::Borrowed(url), span });
        }
    }
}
