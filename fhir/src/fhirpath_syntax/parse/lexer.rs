//! Text into tokens, one at a time.

use crate::fhirpath_syntax::Error;

/// A token without its text, which is `text[start..end]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    End,
    /// A name or keyword.
    Word,
    /// A name in backticks, delimiters included.
    QuotedName,
    /// A text in single quotes, delimiters included.
    String,
    Integer,
    Decimal,
    /// `@` and what belongs to the date or time.
    Temporal,
    /// `$this`, `$index`, `$total`
    Dollar,
    /// `%`, then a name, a quoted name, or a string.
    Percent,
    /// An operator or delimiter.
    Symbol,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Lexeme<'t> {
    pub token: Token,
    pub text: &'t str,
    pub at: usize,
}

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

const TWO: [&str; 4] = ["<=", ">=", "!=", "!~"];

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str) -> Self {
        Lexer { text, at: 0 }
    }

    /// The next token; [`Token::End`] at the end, however often asked.
    pub fn next(&mut self) -> Result<Lexeme<'t>, Error> {
        self.skip_space()?;
        let at = self.at;
        let rest = &self.text[at..];
        let Some(first) = rest.chars().next() else {
            return Ok(Lexeme { token: Token::End, text: "", at });
        };
        let (token, length) = match first {
            'A'..='Z' | 'a'..='z' | '_' => (Token::Word, word(rest)),
            '0'..='9' => number(rest),
            '\'' => (Token::String, quoted(rest, '\'', at)?),
            '`' => (Token::QuotedName, quoted(rest, '`', at)?),
            '"' => (Token::QuotedName, quoted(rest, '"', at)?),
            '@' => (Token::Temporal, temporal(rest)),
            '$' => (Token::Dollar, 1 + word(&rest[1..])),
            '%' => (Token::Percent, 1),
            _ => (Token::Symbol, symbol(rest, at)?),
        };
        self.at += length;
        Ok(Lexeme { token, text: &rest[..length], at })
    }

    fn skip_space(&mut self) -> Result<(), Error> {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find(['\n', '\r']).unwrap_or(trimmed.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                let Some(end) = comment.find("*/") else {
                    return Err(expected(self.text.len(), "'*/' to end the comment", "the end"));
                };
                self.at += end + 4;
            } else {
                return Ok(());
            }
        }
    }
}

fn expected(at: usize, expected: &'static str, found: impl Into<String>) -> Error {
    Error::Syntax { at: at as u32, expected, found: found.into() }
}

fn word(rest: &str) -> usize {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    rest.bytes().take_while(|byte| inside(byte)).count()
}

fn digits(rest: &str) -> usize {
    rest.bytes().take_while(u8::is_ascii_digit).count()
}

fn number(rest: &str) -> (Token, usize) {
    let whole = digits(rest);
    // `1.toString()` has a dot that is no decimal point.
    match rest[whole..].strip_prefix('.').map(digits) {
        None | Some(0) => (Token::Integer, whole),
        Some(fraction) => (Token::Decimal, whole + 1 + fraction),
    }
}

/// The length of a delimited text, escapes skipped over.
fn quoted(rest: &str, delimiter: char, at: usize) -> Result<usize, Error> {
    let mut escaped = false;
    for (offset, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == delimiter => return Ok(offset + 1),
            _ => {}
        }
    }
    let expects = match delimiter {
        '\'' => "a closing single quote",
        '`' => "a closing backtick",
        _ => "a closing double quote",
    };
    Err(expected(at + rest.len(), expects, "the end"))
}

/// The length of `@2015-02-04T14:34:28.123+10:00`, of the parts that are there. Whether they make sense is not asked here.
fn temporal(rest: &str) -> usize {
    let mut length = 1 + digits(&rest[1..]);
    while let Some(more) = rest[length..].strip_prefix('-').map(digits).filter(|&more| more > 0) {
        length += 1 + more;
    }
    if !rest[length..].starts_with('T') {
        return length;
    }
    length += 1;
    let is_time = length == 2;
    length += digits(&rest[length..]);
    while let Some(more) = rest[length..].strip_prefix(':').map(digits).filter(|&more| more > 0) {
        length += 1 + more;
    }
    if let Some(more) = rest[length..].strip_prefix('.').map(digits).filter(|&more| more > 0) {
        length += 1 + more;
    }
    if is_time { length } else { length + zone(&rest[length..]) }
}

fn zone(rest: &str) -> usize {
    if rest.starts_with('Z') {
        return 1;
    }
    let bytes = rest.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let zone =
        matches!(bytes.first(), Some(b'+' | b'-')) && digit(1) && digit(2) && bytes.get(3) == Some(&b':');
    if zone && digit(4) && digit(5) { 6 } else { 0 }
}

fn symbol(rest: &str, at: usize) -> Result<usize, Error> {
    if TWO.iter().any(|two| rest.starts_with(two)) {
        return Ok(2);
    }
    match rest.chars().next() {
        Some(
            '.' | ',' | '(' | ')' | '[' | ']' | '{' | '}' | '+' | '-' | '*' | '/' | '|' | '&' | '<' | '>'
            | '=' | '~',
        ) => Ok(1),
        Some(other) => Err(expected(at, "a name, literal or operator", format!("{other:?}"))),
        None => Ok(0),
    }
}
