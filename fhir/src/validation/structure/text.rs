//! Primitives that are plain text, and decimals.

use super::Expected;
use crate::xhtml;

/// Text may have a million characters (<https://hl7.org/fhir/R4/datatypes.html#string>).
const STRING_MAX: usize = 1024 * 1024;

/// Digits of a decimal beyond which nothing in health care goes, and exact arithmetic would be a way to attack.
const DECIMAL_MAX: usize = 64;

type Result = std::result::Result<(), Expected>;

/// Characters that XML 1.0 has, as every resource must have a form in XML (<https://www.w3.org/TR/xml/#charsets>): of the control
/// characters below the space only tab, line feed and carriage return, and neither U+FFFE nor U+FFFF.
pub(super) fn characters(value: &str) -> Result {
    // Nearly all text has nothing near them: the two begin with this byte in UTF-8.
    if !value.bytes().any(|byte| byte < b' ' || byte == 0xef) || value.chars().all(xhtml::is_character) {
        return Ok(());
    }
    Err("text of characters that XML can hold: no control characters other than tab, line feed and carriage return, no U+FFFE or U+FFFF".into())
}

pub(super) fn string(value: &str) -> Result {
    if value.len() > STRING_MAX && value.chars().count() > STRING_MAX {
        return Err(format!("no more than {STRING_MAX} characters").into());
    }
    if value.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
        return Err("at least one character that is not white space".into());
    }
    Ok(())
}

/// `[^\s]+(\s[^\s]+)*`
pub(super) fn code(value: &str) -> Result {
    let mut last = b' ';
    for byte in value.bytes() {
        if is_space(byte) && is_space(last) {
            return Err(CODE.into());
        }
        last = byte;
    }
    if is_space(last) { Err(CODE.into()) } else { Ok(()) }
}

const CODE: &str = "a code: no white space at the ends, and single spaces within";

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// `[A-Za-z0-9\-\.]{1,64}`
pub(super) fn id(value: &str) -> Result {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    match value.len() <= 64 && value.bytes().all(fits) {
        true => Ok(()),
        false => Err("an id: 1 to 64 letters, digits, '-' and '.'".into()),
    }
}

/// Any text without spaces (<https://hl7.org/fhir/R4/element.html#id>).
pub(super) fn element_id(value: &str) -> Result {
    match value.chars().any(char::is_whitespace) {
        true => Err("the id of an element: no white space".into()),
        false => string(value),
    }
}

/// `\S*`
pub(super) fn uri(value: &str) -> Result {
    match value.bytes().any(|byte| byte <= b' ') {
        true => Err("a URI: no white space".into()),
        false => Ok(()),
    }
}

/// `urn:oid:[0-2](\.(0|[1-9][0-9]*))+`
pub(super) fn oid(value: &str) -> Result {
    const OID: &str = "an OID such as urn:oid:1.2.3: numbers without leading zeros, joined by dots";
    let digits = value.strip_prefix("urn:oid:").ok_or(OID)?;
    let mut arcs = digits.split('.');
    let first = arcs.next().is_some_and(|arc| matches!(arc, "0" | "1" | "2"));
    let is_arc = |arc: &str| {
        !arc.is_empty()
            && arc.bytes().all(|byte| byte.is_ascii_digit())
            && (arc == "0" || !arc.starts_with('0'))
    };
    let mut rest = 0;
    for arc in arcs {
        if !is_arc(arc) {
            return Err(OID.into());
        }
        rest += 1;
    }
    if first && rest > 0 { Ok(()) } else { Err(OID.into()) }
}

/// `urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-…`
pub(super) fn uuid(value: &str) -> Result {
    const UUID: &str = "a UUID such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520, in lower case";
    let digits = value.strip_prefix("urn:uuid:").ok_or(UUID)?;
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    if digits.len() == 36 && digits.bytes().enumerate().all(fits) { Ok(()) } else { Err(UUID.into()) }
}

/// Base64 in groups of four with padding; white space may stand anywhere.
pub(super) fn base64(value: &str) -> Result {
    const BASE64: &str = "base64: letters, digits, '+' and '/' in groups of four, filled up with '='";
    let (mut digits, mut padding) = (0usize, 0usize);
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => digits += 1,
            b'=' if padding < 2 => padding += 1,
            byte if is_space(byte) => {}
            _ => return Err(BASE64.into()),
        }
    }
    if (digits + padding).is_multiple_of(4) && digits > 0 { Ok(()) } else { Err(BASE64.into()) }
}

/// JSON has checked the form; what is left is the size.
pub(super) fn decimal(digits: &str) -> Result {
    let exponent = digits.find(['e', 'E']).map(|at| &digits[at + 1..]);
    let exponent_fits = exponent.is_none_or(|text| text.parse::<i32>().is_ok_and(|power| power.abs() <= 999));
    if digits.len() <= DECIMAL_MAX && exponent_fits {
        return Ok(());
    }
    Err(format!("a decimal of at most {DECIMAL_MAX} characters and an exponent of at most three digits")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&str) -> Result, good: &[&str], bad: &[&str]) {
        good.iter().for_each(|text| assert_eq!(rule(text), Ok(()), "{text:?}"));
        bad.iter().for_each(|text| assert!(rule(text).is_err(), "{text:?}"));
    }

    #[test]
    fn text_rules() {
        check(string, &["a", " a ", "a\n\tb", "é"], &[" ", "\n"]);
        let bad = ["a\u{1}", "\u{7}", "\0", "a\u{fffe}", "\u{ffff}", "\u{1b}"];
        check(characters, &["a", "a\r\n\tb", "é", "\u{fffd}", "\u{feff}", "\u{10ffff}", "\u{85}"], &bad);
        check(code, &["a", "a b", "a-b c"], &[" a", "a ", "a  b", " ", "a \tb"]);
        check(id, &["a", "A-1.b"], &["a b", "a_b", "ä", &"a".repeat(65)]);
        check(uri, &["urn:x", "#a", "ä"], &["a b", " a", "a\n"]);
        assert!(string(&"a".repeat(STRING_MAX)).is_ok() && string(&"a".repeat(STRING_MAX + 1)).is_err());
    }

    #[test]
    fn identifiers_and_bytes() {
        check(
            oid,
            &["urn:oid:1.2.3", "urn:oid:2.16.840.1.0"],
            &["1.2", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.02"],
        );
        let good = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
        check(uuid, &[good], &["urn:uuid:c757", "urn:uuid:C757873D-ec9a-4326-a141-556f43239520", &good[9..]]);
        check(base64, &["YQ==", "YW Jj\nYWJj"], &["YQ=", "YQ", "=", "Y===", "YQ==YQ==", "a.b*"]);
        check(decimal, &["1.50", "-1e3", "0.10E-10"], &["1e1000", &"1".repeat(65)]);
    }
}
