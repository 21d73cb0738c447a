//! Percent-encoded text, of a path or of a query: <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>.

use memchr::memchr;
use std::{
    borrow::Cow,
    str::{self, Utf8Error},
};

/// Decodes all of it; a percent sign that no two hexadecimal digits follow stands for itself.
///
/// # Errors
/// What is decoded is not UTF-8: nothing is put in the place of such bytes, as that would be another text.
pub fn decode(encoded: &[u8]) -> Result<Cow<'_, str>, Utf8Error> {
    let mut decoded = Vec::new();
    let mut rest = encoded;
    while let Some(at) = memchr(b'%', rest) {
        let (before, sign) = rest.split_at(at);
        let (byte, length) = escaped(sign).map_or((b'%', 1), |byte| (byte, 3));
        decoded.extend_from_slice(before);
        decoded.push(byte);
        rest = &sign[length..];
    }
    if decoded.is_empty() {
        return str::from_utf8(encoded).map(Cow::Borrowed);
    }
    decoded.extend_from_slice(rest);
    String::from_utf8(decoded).map(Cow::Owned).map_err(|error| error.utf8_error())
}

/// The byte that a text beginning with a percent sign begins with.
fn escaped(text: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    match *text {
        [_, high, low, ..] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_is_decoded_and_all_else_stays() {
        for (encoded, decoded) in [
            ("", ""),
            ("a-b+c", "a-b+c"),
            ("a%2Db", "a-b"),
            ("%41%62%63", "Abc"),
            ("http%3a%2F%2Floinc.org%7C1", "http://loinc.org|1"),
            ("J%C3%BCrg", "Jürg"),
            ("Jürg%21", "Jürg!"),
            ("%25%32%35", "%25"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz%+1%%41", "%zz%+1%A"),
        ] {
            assert_eq!(decode(encoded.as_bytes()).as_deref(), Ok(decoded), "{encoded}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_refused() {
        for encoded in [&b"%ff"[..], b"a%C3", b"%C3(", b"\xff", b"a%41\xff"] {
            assert!(decode(encoded).is_err(), "{encoded:?}");
        }
    }
}
