//! Literals: escapes, and the shape of dates and times.

use super::lexer::Lexeme;
use crate::fhirpath_syntax::Error;
use crate::fhirpath_syntax::ast::Literal;

/// The text between the delimiters of a quoted token, escapes resolved.
pub(super) fn unquote(lexeme: &Lexeme<'_>) -> Result<Box<str>, Error> {
    let inside = &lexeme.text[1..lexeme.text.len() - 1];
    if !inside.contains('\\') {
        return Ok(inside.into());
    }
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let at = lexeme.at + 1 + (inside.len() - after.len()) - 1;
        let (letter, length) = escape(after).ok_or_else(|| bad_escape(at, after))?;
        text.push(letter);
        rest = &after[length..];
    }
    text.push_str(rest);
    Ok(text.into())
}

fn bad_escape(at: usize, after: &str) -> Error {
    let found = format!("'\\{}'", after.chars().next().unwrap_or(' '));
    Error::Syntax { at: at as u32, expected: r#"an escape: \' \" \` \\ \/ \r \n \t \f or \uXXXX"#, found }
}

/// What an escape stands for and how long it is without its backslash.
fn escape(after: &str) -> Option<(char, usize)> {
    let simple = match after.chars().next()? {
        letter @ ('\'' | '"' | '`' | '\\' | '/') => letter,
        'r' => '\r',
        'n' => '\n',
        't' => '\t',
        'f' => '\u{c}',
        'u' => return unicode(after),
        _ => return None,
    };
    Some((simple, 1))
}

/// `uXXXX`, or two of them for a character beyond the first plane.
fn unicode(after: &str) -> Option<(char, usize)> {
    let high = unit(after)?;
    if let Some(letter) = char::from_u32(high) {
        return Some((letter, 5));
    }
    let low = unit(after.get(5..)?.strip_prefix('\\')?)?;
    let pair = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
    let letter = char::decode_utf16(pair).next()?.ok()?;
    Some((letter, 11))
}

fn unit(after: &str) -> Option<u32> {
    let hex = after.strip_prefix('u')?.get(..4)?;
    let digits = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u32::from_str_radix(hex, 16).ok()).flatten()
}

/// `@…` as a date, date with time, or time of day, its parts of the right length.
pub(super) fn temporal(lexeme: &Lexeme<'_>) -> Result<Literal, Error> {
    let text = &lexeme.text[1..];
    let literal = match text.split_once('T') {
        None => is_date(text).then(|| Literal::Date(text.into())),
        Some(("", time)) => is_time(time).then(|| Literal::Time(time.into())),
        Some((date, time)) => is_date_time(date, time).then(|| Literal::DateTime(text.into())),
    };
    literal.ok_or_else(|| Error::Syntax {
        at: lexeme.at as u32,
        expected: "a date or time such as @2015, @2015-02-04, @2015-02-04T14:34:28Z, @T14:34",
        found: format!("'{}'", lexeme.text),
    })
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let lengths = [4, 2, 2];
    let right = parts.by_ref().zip(lengths).all(|(part, length)| part.len() == length);
    right && text.len() <= 10
}

fn is_date_time(date: &str, time: &str) -> bool {
    // A time needs a whole date before it.
    is_date(date)
        && (time.is_empty()
            || (date.len() == 10 && is_time(time.split(['Z', '+', '-']).next().unwrap_or(""))))
}

fn is_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let right = whole.split(':').all(|part| part.len() == 2) && whole.len() <= 8;
    right && !fraction.is_empty() && (whole.len() == 8 || !text.contains('.'))
}
