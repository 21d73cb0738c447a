//! `encode`, `decode`, `escape`, `unescape` (standard for trial use).

use super::strings::{argument, subject};
use super::{Function, Run, function};
use crate::fhirpath::eval::{Answer, Scope};
use crate::fhirpath::op::Call;
use crate::fhirpath::value::Value;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use std::fmt::Write;

pub(super) const FUNCTIONS: &[Function] = &[
    function("encode", (1, 1), Run::Value(encode)),
    function("decode", (1, 1), Run::Value(decode)),
    function("escape", (1, 1), Run::Value(escape)),
    function("unescape", (1, 1), Run::Value(unescape)),
];

type One<'d> = Answer<Option<Value<'d>>>;

/// Empty also for an encoding that is not known and for text that is not so encoded.
fn mapped<'d>(call: &Call, scope: &Scope<'_, 'd>, map: fn(&str, &str) -> Option<String>) -> One<'d> {
    let Some(text) = subject(call, scope)? else { return Ok(None) };
    let Some(format) = argument(call, scope, 0)? else { return Ok(None) };
    scope.env.pay(text.len() as u64 / 16)?;
    map(&text, &format).map(|text| scope.env.text(text, call.at)).transpose()
}

fn encode<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    mapped(call, scope, |text, format| match format {
        "hex" => Some(text.bytes().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes all");
            hex
        })),
        "base64" => Some(STANDARD.encode(text)),
        "urlbase64" => Some(URL_SAFE.encode(text)),
        _ => None,
    })
}

fn decode<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    mapped(call, scope, |text, format| {
        let bytes = match format {
            "hex" => hex(text)?,
            "base64" => STANDARD.decode(text).ok()?,
            "urlbase64" => URL_SAFE.decode(text).ok()?,
            _ => return None,
        };
        String::from_utf8(bytes).ok()
    })
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

const HTML: [(char, &str); 5] =
    [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")];

fn escape<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    mapped(call, scope, |text, format| match format {
        "html" => Some(text.chars().fold(String::new(), |mut html, letter| {
            match HTML.iter().find(|(plain, _)| *plain == letter) {
                Some((_, entity)) => html.push_str(entity),
                None => html.push(letter),
            }
            html
        })),
        "json" => {
            let quoted = serde_json::to_string(text).ok()?;
            Some(quoted[1..quoted.len() - 1].to_owned())
        }
        _ => None,
    })
}

fn unescape<'d>(call: &Call, scope: &Scope<'_, 'd>) -> One<'d> {
    mapped(call, scope, |text, format| match format {
        "html" => Some(unescape_html(text)),
        "json" => unescape_json(text),
        _ => None,
    })
}

/// The entities that [`escape`] writes; others stay as they are.
fn unescape_html(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        plain.push_str(before);
        let known = HTML.iter().find(|(_, known)| entity.starts_with(known));
        let (letter, length) = known.map_or(('&', 1), |(letter, known)| (*letter, known.len()));
        plain.push(letter);
        rest = &entity[length..];
    }
    plain.push_str(rest);
    plain
}

/// A quote that is not escaped stands for itself, so that text with none reads as it is.
fn unescape_json(text: &str) -> Option<String> {
    let mut quoted = String::from("\"");
    let mut escaped = false;
    for letter in text.chars() {
        if letter == '"' && !escaped {
            quoted.push('\\');
        }
        escaped = letter == '\\' && !escaped;
        quoted.push(letter);
    }
    quoted.push('"');
    serde_json::from_str(&quoted).ok()
}
