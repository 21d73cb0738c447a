//! Percent-encoded text, of a path or of a query: <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>.

use percent_encoding::percent_decode;
use std::{borrow::Cow, str::Utf8Error};

/// Decodes all of it; a percent sign that no two hexadecimal digits follow stands for itself.
///
/// # Errors
/// What is decoded is not UTF-8: nothing is put in the place of such bytes, as that would be another text.
pub fn decode(encoded: &[u8]) -> Result<Cow<'_, str>, Utf8Error> {
    percent_decode(encoded).decode_utf8()
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
