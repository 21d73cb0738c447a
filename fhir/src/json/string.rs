//! Escapes, both ways.

use super::{
    scan,
    tape::{ESCAPED, Entry},
};
use std::borrow::Cow;

/// The text a string or key entry stands for.
#[inline]
pub(super) fn text_of<'t>(text: &'t str, entry: &Entry) -> Cow<'t, str> {
    let raw = &text[entry.start as usize + 1..entry.end as usize - 1];
    if entry.flags & ESCAPED == 0 { Cow::Borrowed(raw) } else { Cow::Owned(unescape(raw)) }
}

/// Resolves the escapes of a string the parser has accepted.
#[inline(never)]
pub(super) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let (character, length) = escape(&rest[at..]);
        out.push(character);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out
}

/// The character the escape at the start of `text` stands for, and the escape's length.
fn escape(text: &str) -> (char, usize) {
    let character = match text.as_bytes()[1] {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text),
        other => char::from(other),
    };
    (character, 2)
}

fn unicode(text: &str) -> (char, usize) {
    let first = scan::code_unit(text, 0).expect("the parser has checked the escape");
    match char::from_u32(u32::from(first)) {
        Some(character) => (character, 6),
        None => {
            let second = scan::code_unit(text, 6).expect("the parser has checked the pair");
            let character = char::decode_utf16([first, second]).next().and_then(Result::ok);
            (character.expect("the parser has checked the pair"), 12)
        }
    }
}

/// Appends `text` as a JSON string, quotes included.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_escaped(out, text);
    out.push(b'"');
}

/// Appends `text` as it stands between the quotes of a JSON string. Only what RFC 8259 asks to be escaped is.
pub fn write_escaped(out: &mut Vec<u8>, text: &str) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..0x20 => b'u',
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[plain..at]);
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(&[b'0', b'0', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        plain = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[plain..]);
}
