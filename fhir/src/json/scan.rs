//! The byte loops: whitespace, strings, numbers, literals. Each takes the position of the first byte and returns the
//! position after the last one.

use super::error::{ErrorKind, Fault};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks (high bit of the byte) bytes of `word` that are zero. Only the lowest mark is exact, which is all we use.
#[inline(always)]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// Marks bytes that end the plain part of a string: quote, backslash, control characters.
#[inline(always)]
fn special_bytes(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    control | zero_bytes(word ^ (ONES * b'"' as u64)) | zero_bytes(word ^ (ONES * b'\\' as u64))
}

/// Position of the first quote, backslash or control character at or after `pos`, or the end of the text.
#[inline(always)]
fn plain(bytes: &[u8], mut pos: usize) -> usize {
    while let Some(chunk) = bytes.get(pos..).and_then(|rest| rest.first_chunk::<8>()) {
        let marks = special_bytes(u64::from_le_bytes(*chunk));
        if marks != 0 {
            return pos + (marks.trailing_zeros() / 8) as usize;
        }
        pos += 8;
    }
    while let Some(byte) = bytes.get(pos) {
        if matches!(byte, b'"' | b'\\' | 0..0x20) {
            break;
        }
        pos += 1;
    }
    pos
}

/// A string whose opening quote is at `open`: the position after the closing quote, and whether it has escapes.
#[inline(always)]
pub(super) fn string(text: &str, open: usize) -> Result<(usize, bool), Box<Fault>> {
    let at = plain(text.as_bytes(), open + 1);
    if text.as_bytes().get(at) == Some(&b'"') {
        return Ok((at + 1, false));
    }
    escaped_string(text, at).map(|end| (end, true))
}

/// The rest of a string from its first special byte on.
#[inline(never)]
fn escaped_string(text: &str, mut pos: usize) -> Result<usize, Box<Fault>> {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(pos) {
            Some(b'"') => return Ok(pos + 1),
            Some(b'\\') => pos = escape(text, pos)?,
            Some(byte) => return Err(Fault::new(ErrorKind::ControlCharacter(*byte), pos)),
            None => return Err(Fault::unexpected("the closing quote of a string", text, pos)),
        }
        pos = plain(bytes, pos);
    }
}

fn escape(text: &str, pos: usize) -> Result<usize, Box<Fault>> {
    match text.as_bytes().get(pos + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(pos + 2),
        Some(b'u') => unicode_escape(text, pos),
        Some(_) => Err(Fault::new(ErrorKind::BadEscape, pos)),
        None => Err(Fault::unexpected("the rest of an escape", text, pos + 1)),
    }
}

fn unicode_escape(text: &str, pos: usize) -> Result<usize, Box<Fault>> {
    match code_unit(text, pos) {
        None => Err(Fault::new(ErrorKind::BadEscape, pos)),
        Some(0xD800..0xDC00) => match code_unit(text, pos + 6) {
            Some(0xDC00..0xE000) => Ok(pos + 12),
            _ => Err(Fault::new(ErrorKind::LoneSurrogate, pos)),
        },
        Some(0xDC00..0xE000) => Err(Fault::new(ErrorKind::LoneSurrogate, pos)),
        Some(_) => Ok(pos + 6),
    }
}

/// The value of the `\uXXXX` that starts at `pos`, if one does.
pub(super) fn code_unit(text: &str, pos: usize) -> Option<u16> {
    let digits = text.as_bytes().get(pos..pos + 6)?.strip_prefix(b"\\u")?;
    digits
        .iter()
        .try_fold(0u16, |unit, digit| Some(unit << 4 | u16::try_from(char::from(*digit).to_digit(16)?).ok()?))
}

/// A number (RFC 8259 §6) whose first byte is at `start`.
#[inline]
pub(super) fn number(text: &str, start: usize) -> Result<usize, Box<Fault>> {
    let bytes = text.as_bytes();
    let mut pos = start;
    if bytes.get(pos) == Some(&b'-') {
        pos += 1;
    }
    let whole = digits(bytes, pos);
    match bytes.get(pos) {
        Some(b'0') if whole > pos + 1 => {
            return Err(Fault::new(ErrorKind::BadNumber("drop the leading zeros"), pos));
        }
        Some(b'0'..=b'9') => pos = whole,
        _ => return Err(Fault::unexpected("a digit", text, pos)),
    }
    if bytes.get(pos) == Some(&b'.') {
        let end = digits(bytes, pos + 1);
        if end == pos + 1 {
            return Err(Fault::new(ErrorKind::BadNumber("write a digit after the decimal point"), pos));
        }
        pos = end;
    }
    if matches!(bytes.get(pos), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(pos + 1), Some(b'+' | b'-')));
        let end = digits(bytes, pos + 1 + sign);
        if end == pos + 1 + sign {
            return Err(Fault::new(ErrorKind::BadNumber("write a digit in the exponent"), pos));
        }
        pos = end;
    }
    Ok(pos)
}

#[inline(always)]
fn digits(bytes: &[u8], mut pos: usize) -> usize {
    while matches!(bytes.get(pos), Some(b'0'..=b'9')) {
        pos += 1;
    }
    pos
}

/// `true`, `false` or `null`, whichever `literal` is.
#[inline(always)]
pub(super) fn literal(text: &str, start: usize, literal: &'static str) -> Result<usize, Box<Fault>> {
    let end = start + literal.len();
    if text.as_bytes().get(start..end) == Some(literal.as_bytes()) {
        return Ok(end);
    }
    Err(Fault::unexpected("true, false, null, a number, a string, an array or an object", text, start))
}

/// The position of the first byte that is not whitespace.
#[inline(always)]
pub(super) fn whitespace(bytes: &[u8], pos: usize) -> usize {
    match bytes.get(pos) {
        Some(byte) if *byte > b' ' => pos,
        _ => long_whitespace(bytes, pos),
    }
}

/// Pretty-printed text: a line break and then spaces, eight at a time.
fn long_whitespace(bytes: &[u8], mut pos: usize) -> usize {
    while let Some(byte) = bytes.get(pos) {
        if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            break;
        }
        pos += 1;
        while let Some(chunk) = bytes.get(pos..).and_then(|rest| rest.first_chunk::<8>()) {
            let other = u64::from_le_bytes(*chunk) ^ (ONES * b' ' as u64);
            if other != 0 {
                pos += (other.trailing_zeros() / 8) as usize;
                break;
            }
            pos += 8;
        }
    }
    pos
}
