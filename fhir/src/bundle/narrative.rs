//! Links in a Narrative's XHTML: the quoted values of `href` and `src`.

use crate::json::Node;
use std::ops::Range;

/// The ways an attribute's quote is written inside a JSON string.
const QUOTES: [&[u8]; 2] = [b"\\\"", b"'"];

/// Gives the urls of `div` with their places. It works on the escaped text, so that each keeps its place in the document; a url that
/// itself has escapes is left alone.
pub(super) fn urls<'d>(div: Node<'d>, found: &mut impl FnMut(&'d str, Range<usize>)) {
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
            found(url, offset + start..offset + from);
        }
    }
}
