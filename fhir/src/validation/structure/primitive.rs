//! The lexical rules of primitives (<https://hl7.org/fhir/R4/datatypes.html#primitive>).

use super::{Expected, moment, text};
use crate::json::{Kind, Node};
use crate::xhtml;
use std::borrow::Cow;

/// A primitive type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::validation) enum Primitive {
    Boolean,
    Integer,
    UnsignedInt,
    PositiveInt,
    Decimal,
    String,
    Markdown,
    Code,
    Id,
    /// `Element.id`, which the specification types as string.
    ElementId,
    Uri,
    Url,
    Canonical,
    Oid,
    Uuid,
    Base64Binary,
    Instant,
    Date,
    DateTime,
    Time,
    Xhtml,
}

impl Primitive {
    /// The type called that; the table of types has no others.
    pub fn from_name(name: &str) -> Primitive {
        match name {
            "boolean" => Primitive::Boolean,
            "integer" => Primitive::Integer,
            "unsignedInt" => Primitive::UnsignedInt,
            "positiveInt" => Primitive::PositiveInt,
            "decimal" => Primitive::Decimal,
            "markdown" => Primitive::Markdown,
            "code" => Primitive::Code,
            "id" => Primitive::Id,
            "uri" => Primitive::Uri,
            "url" => Primitive::Url,
            "canonical" => Primitive::Canonical,
            "oid" => Primitive::Oid,
            "uuid" => Primitive::Uuid,
            "base64Binary" => Primitive::Base64Binary,
            "instant" => Primitive::Instant,
            "date" => Primitive::Date,
            "dateTime" => Primitive::DateTime,
            "time" => Primitive::Time,
            "xhtml" => Primitive::Xhtml,
            _ => Primitive::String,
        }
    }

    /// FHIR's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Primitive::Boolean => "boolean",
            Primitive::Integer => "integer",
            Primitive::UnsignedInt => "unsignedInt",
            Primitive::PositiveInt => "positiveInt",
            Primitive::Decimal => "decimal",
            Primitive::String => "string",
            Primitive::Markdown => "markdown",
            Primitive::Code => "code",
            Primitive::Id => "id",
            Primitive::ElementId => "string",
            Primitive::Uri => "uri",
            Primitive::Url => "url",
            Primitive::Canonical => "canonical",
            Primitive::Oid => "oid",
            Primitive::Uuid => "uuid",
            Primitive::Base64Binary => "base64Binary",
            Primitive::Instant => "instant",
            Primitive::Date => "date",
            Primitive::DateTime => "dateTime",
            Primitive::Time => "time",
            Primitive::Xhtml => "xhtml",
        }
    }

    /// The JSON kind of a value.
    pub(super) fn kind(self) -> Kind {
        match self {
            Primitive::Boolean => Kind::Bool,
            Primitive::Integer | Primitive::UnsignedInt | Primitive::PositiveInt | Primitive::Decimal => {
                Kind::Number
            }
            _ => Kind::String,
        }
    }

    /// Checks a value that has the right JSON kind.
    #[inline]
    pub(super) fn check(self, value: Node<'_>) -> Result<(), Expected> {
        if let Some(digits) = value.number_text() {
            return self.check_number(digits);
        }
        match value.as_str() {
            Some(text) => self.check_text(&text),
            None => Ok(()),
        }
    }

    fn check_number(self, digits: &str) -> Result<(), Expected> {
        let low = match self {
            Primitive::Integer => i32::MIN,
            Primitive::UnsignedInt => 0,
            Primitive::PositiveInt => 1,
            _ => return text::decimal(digits),
        };
        match digits.parse::<i32>() {
            // The specification's pattern has no sign before a zero.
            Ok(number) if number >= low && digits != "-0" => Ok(()),
            _ => Err(format!("a whole number from {low} to {}", i32::MAX).into()),
        }
    }

    fn check_text(self, value: &str) -> Result<(), Expected> {
        if value.is_empty() {
            return Err("at least one character; leave the element out if there is no value".into());
        }
        text::characters(value)?;
        match self {
            Primitive::String | Primitive::Markdown => text::string(value),
            Primitive::Code => text::code(value),
            Primitive::Id => text::id(value),
            Primitive::ElementId => text::element_id(value),
            Primitive::Uri | Primitive::Url | Primitive::Canonical => text::uri(value),
            Primitive::Oid => text::oid(value),
            Primitive::Uuid => text::uuid(value),
            Primitive::Base64Binary => text::base64(value),
            Primitive::Instant => moment::instant(value),
            Primitive::Date => moment::date(value),
            Primitive::DateTime => moment::date_time(value),
            Primitive::Time => moment::time(value),
            Primitive::Xhtml => xhtml::check(value).map(drop).map_err(Cow::Owned),
            Primitive::Boolean
            | Primitive::Integer
            | Primitive::UnsignedInt
            | Primitive::PositiveInt
            | Primitive::Decimal => Ok(()),
        }
    }
}
