//! Values of primitives: text in XML, by type a string, number or boolean in JSON.

use super::error::{ErrorKind, shown};
use crate::definitions::{TypeDefinition, TypeKind};
use crate::json::write_string;

/// How the content of an element of some type is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Elements within.
    Elements,
    /// Another resource.
    Resource,
    /// The narrative.
    Xhtml,
    Text,
    Boolean,
    Integer,
    Decimal,
}

impl Form {
    pub fn of(definition: &TypeDefinition) -> Form {
        match (definition.kind, &*definition.path) {
            (TypeKind::Resource, _) => Form::Resource,
            (TypeKind::Complex | TypeKind::Backbone, _) => Form::Elements,
            (_, "boolean") => Form::Boolean,
            (_, "integer" | "positiveInt" | "unsignedInt") => Form::Integer,
            (_, "decimal") => Form::Decimal,
            (_, "xhtml") => Form::Xhtml,
            _ => Form::Text,
        }
    }

    /// Whether the content is the attribute `value`.
    pub fn is_primitive(self) -> bool {
        !matches!(self, Form::Elements | Form::Resource | Form::Xhtml)
    }
}

/// Appends the JSON of a primitive's value.
pub(super) fn write(out: &mut Vec<u8>, form: Form, text: &str) -> Result<(), ErrorKind> {
    let wrong = |expected| Err(ErrorKind::Value { expected, found: shown(text) });
    let literal = match form {
        Form::Boolean if matches!(text, "true" | "false") => text,
        Form::Boolean => return wrong("true or false"),
        // XML may say +1, JSON may not.
        Form::Integer if is_integer(text.strip_prefix('+').unwrap_or(text)) => text.trim_start_matches('+'),
        Form::Integer => return wrong("an integer without leading zeros, such as 120"),
        Form::Decimal if is_number(text) => text,
        Form::Decimal => return wrong("a decimal without leading zeros, such as 0.50"),
        _ => {
            write_string(out, text);
            return Ok(());
        }
    };
    out.extend_from_slice(literal.as_bytes());
    Ok(())
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    is_digits(digits) && (digits == "0" || !digits.starts_with('0'))
}

/// Whether it is a number by the grammar of JSON, which is also FHIR's.
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    is_integer(whole)
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(form: Form, text: &str) -> Option<String> {
        let mut out = Vec::new();
        write(&mut out, form, text).ok().map(|()| String::from_utf8(out).expect("text in, text out"))
    }

    #[test]
    fn numbers_keep_their_digits() {
        for text in ["0", "-0", "1.50", "-0.001", "1e3", "2.50E-07", "100000000000000000000000000.00"] {
            assert_eq!(json(Form::Decimal, text).as_deref(), Some(text));
        }
        assert_eq!(json(Form::Integer, "+12").as_deref(), Some("12"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", " 1", "+1", "01", ".5", "1.", "1e", "1e+", "--1", "NaN", "1.5.0", "١"] {
            assert_eq!(json(Form::Decimal, text), None, "{text}");
        }
        for text in ["", "1.0", "++1", "+-1x", "007", "1e3"] {
            assert_eq!(json(Form::Integer, text), None, "{text}");
        }
        assert_eq!(json(Form::Boolean, "True"), None);
    }
}
