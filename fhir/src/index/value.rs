//! One index value.

use super::encoder::Encoder;
use super::heap::{Fields, Heap, read_number};
use super::number::{NumberRange, short};
use super::words::Words;

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
    /// What people read; for `_text` and `_content`.
    Words(Words<'a>),
    /// A resource that is contained in this one, under [`ParamId::CONTAINED`](crate::definitions::ParamId::CONTAINED).
    Contained(Contained<'a>),
    /// `#id`: a reference to one of these.
    ReferenceContained(&'a str),
}

/// A contained resource. It is found through the resource that has it, never by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contained<'a> {
    /// Its type, [`ResourceType::code`](crate::definitions::ResourceType::code).
    pub type_code: u16,
    /// Its id there, without `#`.
    pub id: &'a str,
    /// Its own index values, as [`Values`](super::Values) reads them; no contained resources among them.
    pub values: &'a [u8],
}

/// The components of a composite value, in the order of the parameter's definition.
#[derive(Clone, Copy, Debug)]
pub struct Composite<'a>(Fields<'a>);

impl<'a> Composite<'a> {
    /// The values of each component. Every component has at least one.
    pub fn components(self) -> impl Iterator<Item = ValueIter<'a>> {
        let mut fields = self.0;
        std::iter::from_fn(move || Some(ValueIter::inside(fields.sized()?, fields.heap)))
    }
}

/// Equal components.
impl PartialEq for Composite<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.components().eq(other.components())
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
const NUMBER_KEYS: u8 = 10;
const NUMBER_INTERVAL: u8 = 11;
const QUANTITY: u8 = 12;
const QUANTITY_KEYS: u8 = 13;
const QUANTITY_INTERVAL: u8 = 14;
const URI: u8 = 15;
const POSITION: u8 = 16;
const COMPOSITE: u8 = 17;
const WORDS: u8 = 18;
const CONTAINED: u8 = 19;
const REFERENCE_CONTAINED: u8 = 20;

impl<'a> Value<'a> {
    fn is_known(tag: u8) -> bool {
        (TOKEN..=REFERENCE_CONTAINED).contains(&tag)
    }

    /// Reads what [`write`](Self::write) wrote; `None` for an unknown tag or broken bytes.
    #[inline]
    pub(super) fn read(tag: u8, mut from: Fields<'a>) -> Option<Value<'a>> {
        Some(match tag {
            TOKEN => Value::Token { system: from.option()?, code: from.option()? },
            STRING => {
                let (normalized, exact) = (from.text()?, from.option()?);
                Value::String { normalized, exact: exact.unwrap_or(normalized) }
            }
            REFERENCE => {
                Value::Reference { type_code: from.code()?, id: from.text()?, version: from.option()? }
            }
            DATE => {
                let low_ms = from.signed()?;
                Value::Date { low_ms, high_ms: low_ms.wrapping_add(from.number()? as i64) }
            }
            NUMBER | NUMBER_KEYS | NUMBER_INTERVAL => {
                let (NumberRange { value, low, high }, text) = from.amount(tag)?;
                Value::Number { value, low, high, text }
            }
            QUANTITY | QUANTITY_KEYS | QUANTITY_INTERVAL => {
                let (NumberRange { value, low, high }, text) = from.amount(tag)?;
                let (system, code, unit) = (from.option()?, from.option()?, from.option()?);
                Value::Quantity { value, low, high, text, system, code, unit }
            }
            URI => Value::Uri(from.text()?),
            _ => return Value::read_rare(tag, from),
        })
    }

    fn read_rare(tag: u8, mut from: Fields<'a>) -> Option<Value<'a>> {
        Some(match tag {
            TOKEN_TEXT => Value::TokenText(from.text()?),
            TOKEN_OF_TYPE => {
                Value::TokenOfType { system: from.text()?, code: from.text()?, value: from.text()? }
            }
            REFERENCE_URL => {
                Value::ReferenceUrl { type_code: from.code()?, url: from.text()?, version: from.option()? }
            }
            REFERENCE_IDENTIFIER => {
                Value::ReferenceIdentifier { system: from.option()?, value: from.option()? }
            }
            POSITION => Value::Position { longitude: from.key()?, latitude: from.key()? },
            COMPOSITE => {
                from.rest = from.sized()?;
                Value::Composite(Composite(from))
            }
            WORDS => Value::Words(Words { dictionary: from.text()?, order: from.sized()? }),
            CONTAINED => Value::Contained(Contained {
                type_code: from.code()?,
                id: from.text()?,
                values: from.sized()?,
            }),
            REFERENCE_CONTAINED => Value::ReferenceContained(from.text()?),
            _ => return None,
        })
    }

    /// `None` if this is a composite and not all of it can be read.
    pub(super) fn check(self) -> Option<()> {
        let Value::Composite(Composite(mut fields)) = self else { return Some(()) };
        while !fields.rest.is_empty() {
            ValueIter::inside(fields.sized()?, fields.heap).check(true)?;
        }
        Some(())
    }

    /// Appends tag and fields.
    pub(super) fn write(&self, to: &mut Encoder) {
        match *self {
            Value::Token { system, code } => to.texts(TOKEN, [system, code]),
            Value::TokenText(text) => to.texts(TOKEN_TEXT, [Some(text)]),
            Value::TokenOfType { system, code, value } => {
                to.texts(TOKEN_OF_TYPE, [Some(system), Some(code), Some(value)]);
            }
            Value::String { normalized, exact } => {
                to.texts(STRING, [Some(normalized), Some(exact).filter(|exact| *exact != normalized)]);
            }
            Value::Reference { type_code, id, version } => {
                to.tag(REFERENCE).number(type_code.into()).text(Some(id)).text(version);
            }
            Value::ReferenceUrl { type_code, url, version } => {
                to.tag(REFERENCE_URL).number(type_code.into()).text(Some(url)).text(version);
            }
            Value::ReferenceIdentifier { system, value } => to.texts(REFERENCE_IDENTIFIER, [system, value]),
            Value::Date { low_ms, high_ms } => {
                to.tag(DATE).signed(low_ms).number(high_ms.wrapping_sub(low_ms) as u64);
            }
            Value::Number { value, low, high, text } => {
                write_amount(to, NUMBER, NumberRange { value, low, high }, text);
            }
            Value::Quantity { value, low, high, text, system, code, unit } => {
                write_amount(to, QUANTITY, NumberRange { value, low, high }, text);
                to.text(system).text(code).text(unit);
            }
            Value::Uri(uri) => to.texts(URI, [Some(uri)]),
            Value::Position { longitude, latitude } => {
                to.tag(POSITION).key(longitude).key(latitude);
            }
            Value::Composite(Composite(fields)) => {
                to.tag(COMPOSITE).sized(fields.rest);
            }
            Value::Words(Words { dictionary, order }) => {
                to.tag(WORDS).text(Some(dictionary)).sized(order);
            }
            Value::Contained(Contained { type_code, id, values }) => {
                to.tag(CONTAINED).number(type_code.into()).text(Some(id)).sized(values);
            }
            Value::ReferenceContained(id) => to.texts(REFERENCE_CONTAINED, [Some(id)]),
        }
    }

    /// Of components as the collector laid them out; they say nothing until they are written.
    pub(super) fn composite(parts: &'a [u8]) -> Value<'a> {
        Value::Composite(Composite(Fields { rest: parts, heap: Heap::EMPTY }))
    }
}

/// A number written with few digits is stored as its text alone: its keys are computed again in less time than a
/// cache miss takes. `tag` is that of this form; the next two are with keys, and an interval without text.
fn write_amount(to: &mut Encoder, tag: u8, range: NumberRange, text: &str) {
    if text.is_empty() {
        to.tag(tag + 2).key(range.low).key(range.high);
    } else if short(text) == Some(range) {
        to.tag(tag).text(Some(text));
    } else {
        let (below, above) = (range.value.wrapping_sub(range.low), range.high.wrapping_sub(range.value));
        to.tag(tag + 1).text(Some(text)).key(range.value).number(below as u64).number(above as u64);
    }
}

impl<'a> Fields<'a> {
    #[inline]
    fn amount(&mut self, tag: u8) -> Option<(NumberRange, &'a str)> {
        match tag {
            NUMBER | QUANTITY => {
                let text = self.text()?;
                Some((short(text)?, text))
            }
            NUMBER_KEYS | QUANTITY_KEYS => {
                let (text, value) = (self.text()?, self.key()?);
                let (below, above) = (self.number()? as i64, self.number()? as i64);
                let (low, high) = (value.wrapping_sub(below), value.wrapping_add(above));
                Some((NumberRange { value, low, high }, text))
            }
            _ => {
                let (low, high) = (self.key()?, self.key()?);
                Some((NumberRange { value: low, low, high }, ""))
            }
        }
    }
}

/// The values of one parameter, or of one component of a composite.
#[derive(Clone, Copy)]
pub struct ValueIter<'a> {
    offsets: &'a [u8],
    heap: Heap<'a>,
    /// Of a composite: composites are not read there, so that no damage can nest them without end.
    inside: bool,
}

impl<'a> ValueIter<'a> {
    #[inline]
    pub(super) fn of_parameter(offsets: &'a [u8], heap: Heap<'a>) -> Self {
        ValueIter { offsets, heap, inside: false }
    }

    fn inside(offsets: &'a [u8], heap: Heap<'a>) -> Self {
        ValueIter { offsets, heap, inside: true }
    }

    /// Whether every value of a known kind can be read and `some` is there.
    pub(super) fn check(mut self, some: bool) -> Option<()> {
        if !some || self.offsets.is_empty() {
            return None;
        }
        while !self.offsets.is_empty() {
            let offset = usize::try_from(read_number(&mut self.offsets)?).ok()?;
            let (tag, fields) = self.heap.value(offset)?;
            if self.inside && tag == COMPOSITE {
                return None;
            }
            if Value::is_known(tag) {
                Value::read(tag, fields)?.check()?;
            }
        }
        Some(())
    }
}

impl<'a> Iterator for ValueIter<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        while !self.offsets.is_empty() {
            let offset = usize::try_from(read_number(&mut self.offsets)?).ok()?;
            let Some((tag, fields)) = self.heap.value(offset) else { continue };
            if self.inside && tag == COMPOSITE {
                continue;
            }
            if let Some(value) = Value::read(tag, fields) {
                return Some(value);
            }
        }
        None
    }
}

/// Equal values in the same order.
impl PartialEq for ValueIter<'_> {
    fn eq(&self, other: &Self) -> bool {
        Iterator::eq(*self, *other)
    }
}
