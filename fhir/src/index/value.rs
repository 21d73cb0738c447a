//! One index value.

use super::wire::{Reader, ValueIter, write_text};
use std::fmt;

/// A value of a search parameter as it is stored. Texts borrow from the stored bytes.
///
/// Numbers are [`sortable`](super::sortable) keys; `text` is the number as it was written, empty where the value is an
/// interval and not one number. `i64::MIN` and `i64::MAX` are open ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A coded value. `system` is `None` where the data type has none (`code`, `boolean`) or the data gives none.
    Token {
        system: Option<&'a str>,
        code: Option<&'a str>,
    },
    /// What a person reads of a coded value (`CodeableConcept.text`, `Coding.display`), [`normalize`](super::normalize)d;
    /// for `:text`.
    TokenText(&'a str),
    /// A coding of `Identifier.type` with the identifier's value; for `:of-type`.
    TokenOfType {
        system: &'a str,
        code: &'a str,
        value: &'a str,
    },
    /// `normalized` and as written.
    String {
        normalized: &'a str,
        exact: &'a str,
    },
    /// `Type/id` on this server; `type_code` is [`ResourceType::code`](crate::definitions::ResourceType::code).
    Reference {
        type_code: u16,
        id: &'a str,
        version: Option<&'a str>,
    },
    /// Any other URL, a canonical without its `|version`. `type_code` is 0 where the URL does not say.
    ReferenceUrl {
        type_code: u16,
        url: &'a str,
        version: Option<&'a str>,
    },
    /// `Reference.identifier`; for `:identifier`.
    ReferenceIdentifier {
        system: Option<&'a str>,
        value: Option<&'a str>,
    },
    /// `[low_ms, high_ms)` in milliseconds since 1970 UTC.
    Date {
        low_ms: i64,
        high_ms: i64,
    },
    /// `low..high` is what the written digits stand for.
    Number {
        value: i64,
        low: i64,
        high: i64,
        text: &'a str,
    },
    Quantity {
        value: i64,
        low: i64,
        high: i64,
        text: &'a str,
        system: Option<&'a str>,
        code: Option<&'a str>,
        unit: Option<&'a str>,
    },
    Uri(&'a str),
    /// Degrees, as sortable keys.
    Position {
        longitude: i64,
        latitude: i64,
    },
    /// One match of a composite's root, with the values of each of its components.
    Composite(Composite<'a>),
}

/// The components of a composite value, in the order of the parameter's definition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Composite<'a>(&'a [u8]);

impl<'a> Composite<'a> {
    /// The values of each component. Every component has at least one.
    pub fn components(self) -> impl Iterator<Item = ValueIter<'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || Reader::sized(&mut rest).map(ValueIter))
    }
}

// Tags are stored: never reused, never changed.
const TOKEN: u8 = 1;
const TOKEN_TEXT: u8 = 2;
const TOKEN_OF_TYPE: u8 = 3;
const STRING: u8 = 4;
const REFERENCE: u8 = 5;
const REFERENCE_URL: u8 = 6;
const REFERENCE_IDENTIFIER: u8 = 7;
const DATE: u8 = 8;
const NUMBER: u8 = 9;
const QUANTITY: u8 = 10;
const URI: u8 = 11;
const POSITION: u8 = 12;
const COMPOSITE: u8 = 13;

impl<'a> Value<'a> {
    pub(super) fn is_known(tag: u8) -> bool {
        (TOKEN..=COMPOSITE).contains(&tag)
    }

    /// Reads what [`write`](Self::write) wrote; `None` for an unknown tag or broken bytes.
    pub(super) fn read(tag: u8, payload: &'a [u8]) -> Option<Value<'a>> {
        let mut from = Reader(payload);
        let value = match tag {
            TOKEN => {
                let [system, code] = from.options()?;
                Value::Token { system, code }
            }
            TOKEN_TEXT => Value::TokenText(from.rest()?),
            TOKEN_OF_TYPE => {
                Value::TokenOfType { system: from.text()?, code: from.text()?, value: from.rest()? }
            }
            STRING => from.string()?,
            REFERENCE => {
                Value::Reference { type_code: from.code()?, id: from.text()?, version: from.tail()? }
            }
            REFERENCE_URL => {
                Value::ReferenceUrl { type_code: from.code()?, url: from.text()?, version: from.tail()? }
            }
            REFERENCE_IDENTIFIER => {
                let [system, value] = from.options()?;
                Value::ReferenceIdentifier { system, value }
            }
            DATE => Value::Date { low_ms: from.number()?, high_ms: from.number()? },
            NUMBER => Value::Number {
                value: from.number()?,
                low: from.number()?,
                high: from.number()?,
                text: from.rest()?,
            },
            QUANTITY => {
                let (value, low, high, text) = (from.number()?, from.number()?, from.number()?, from.text()?);
                let [system, code, unit] = from.options()?;
                Value::Quantity { value, low, high, text, system, code, unit }
            }
            URI => Value::Uri(from.rest()?),
            POSITION => Value::Position { longitude: from.number()?, latitude: from.number()? },
            COMPOSITE => Value::Composite(composite(payload)?),
            _ => return None,
        };
        Some(value)
    }

    /// Appends the payload and returns the tag.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> u8 {
        match *self {
            Value::Token { system, code } => write_options(out, [system, code], TOKEN),
            Value::TokenText(text) => write_rest(out, text, TOKEN_TEXT),
            Value::TokenOfType { system, code, value } => {
                write_text(out, system);
                write_text(out, code);
                write_rest(out, value, TOKEN_OF_TYPE)
            }
            Value::String { normalized, exact } => write_string(out, normalized, exact),
            Value::Reference { type_code, id, version } => {
                write_reference(out, type_code, id, version, REFERENCE)
            }
            Value::ReferenceUrl { type_code, url, version } => {
                write_reference(out, type_code, url, version, REFERENCE_URL)
            }
            Value::ReferenceIdentifier { system, value } => {
                write_options(out, [system, value], REFERENCE_IDENTIFIER)
            }
            Value::Date { low_ms, high_ms } => write_numbers(out, [low_ms, high_ms], DATE),
            Value::Number { value, low, high, text } => {
                write_numbers(out, [value, low, high], NUMBER);
                write_rest(out, text, NUMBER)
            }
            Value::Quantity { value, low, high, text, system, code, unit } => {
                write_numbers(out, [value, low, high], QUANTITY);
                write_text(out, text);
                write_options(out, [system, code, unit], QUANTITY)
            }
            Value::Uri(uri) => write_rest(out, uri, URI),
            Value::Position { longitude, latitude } => write_numbers(out, [longitude, latitude], POSITION),
            Value::Composite(Composite(bytes)) => {
                out.extend_from_slice(bytes);
                COMPOSITE
            }
        }
    }

    /// Of the components' values as the writer laid them out.
    pub(super) fn composite(bytes: &'a [u8]) -> Value<'a> {
        Value::Composite(Composite(bytes))
    }
}

impl<'a> Reader<'a> {
    /// A byte of which bit `n` says whether text `n` is there, then the texts.
    fn options<const N: usize>(&mut self) -> Option<[Option<&'a str>; N]> {
        let present = self.byte()?;
        let mut texts = [None; N];
        for (number, text) in texts.iter_mut().enumerate() {
            if present & (1 << number) != 0 {
                *text = Some(self.text()?);
            }
        }
        Some(texts)
    }

    /// The rest, `None` where it is empty.
    fn tail(&mut self) -> Option<Option<&'a str>> {
        self.rest().map(|rest| (!rest.is_empty()).then_some(rest))
    }

    /// The normalized text, then the exact one unless they are equal.
    fn string(&mut self) -> Option<Value<'a>> {
        let normalized = self.text()?;
        let exact = self.rest()?;
        Some(Value::String { normalized, exact: if exact.is_empty() { normalized } else { exact } })
    }
}

fn composite(payload: &[u8]) -> Option<Composite<'_>> {
    let mut rest = payload;
    while !rest.is_empty() {
        let mut values = Reader::sized(&mut rest)?;
        while let Some(&tag) = values.split_off_first() {
            let payload = Reader::sized(&mut values)?;
            // A composite inside a composite is none of R4's, so the recursion stays flat.
            if tag == COMPOSITE || (Value::is_known(tag) && Value::read(tag, payload).is_none()) {
                return None;
            }
        }
    }
    Some(Composite(payload))
}

fn write_options<const N: usize>(out: &mut Vec<u8>, texts: [Option<&str>; N], tag: u8) -> u8 {
    let present = texts
        .iter()
        .enumerate()
        .fold(0u8, |bits, (number, text)| bits | (u8::from(text.is_some()) << number));
    out.push(present);
    for text in texts.into_iter().flatten() {
        write_text(out, text);
    }
    tag
}

fn write_rest(out: &mut Vec<u8>, text: &str, tag: u8) -> u8 {
    out.extend_from_slice(text.as_bytes());
    tag
}

fn write_string(out: &mut Vec<u8>, normalized: &str, exact: &str) -> u8 {
    write_text(out, normalized);
    if exact != normalized {
        out.extend_from_slice(exact.as_bytes());
    }
    STRING
}

fn write_reference(out: &mut Vec<u8>, type_code: u16, target: &str, version: Option<&str>, tag: u8) -> u8 {
    out.extend_from_slice(&type_code.to_le_bytes());
    write_text(out, target);
    write_rest(out, version.unwrap_or_default(), tag)
}

fn write_numbers<const N: usize>(out: &mut Vec<u8>, numbers: [i64; N], tag: u8) -> u8 {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
    tag
}

/// For tests and debugging.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |text: Option<&str>| text.unwrap_or("-").to_owned();
        match *self {
            Value::Token { system, code } => write!(f, "token {}|{}", show(system), show(code)),
            Value::TokenText(text) => write!(f, "text {text:?}"),
            Value::TokenOfType { system, code, value } => write!(f, "of-type {system}|{code}|{value}"),
            Value::String { normalized, exact } => write!(f, "string {normalized:?} {exact:?}"),
            Value::Reference { type_code, id, version } => {
                write!(f, "reference {type_code}/{id} {}", show(version))
            }
            Value::ReferenceUrl { type_code, url, version } => {
                write!(f, "url {type_code} {url} {}", show(version))
            }
            Value::ReferenceIdentifier { system, value } => {
                write!(f, "identifier {}|{}", show(system), show(value))
            }
            Value::Date { low_ms, high_ms } => write!(f, "date {low_ms}..{high_ms}"),
            Value::Number { value, low, high, text } => {
                write!(f, "number {text:?} {} {}..{}", key(value), key(low), key(high))
            }
            Value::Quantity { value, low, high, text, system, code, unit } => {
                write!(f, "quantity {text:?} {} {}..{} ", key(value), key(low), key(high))?;
                write!(f, "{}|{} {}", show(system), show(code), show(unit))
            }
            Value::Uri(uri) => write!(f, "uri {uri}"),
            Value::Position { longitude, latitude } => {
                write!(f, "position {} {}", key(longitude), key(latitude))
            }
            Value::Composite(composite) => {
                f.write_str("composite")?;
                for (number, values) in composite.components().enumerate() {
                    for value in values {
                        write!(f, " [{number}] {value}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// The number behind a sortable key.
fn key(key: i64) -> String {
    match key {
        i64::MIN => "-".to_owned(),
        i64::MAX => "-".to_owned(),
        key => f64::from_bits((if key < 0 { key ^ i64::MAX } else { key }) as u64).to_string(),
    }
}
