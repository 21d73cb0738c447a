//! Index values as a person reads them.

use super::number::unsortable;
use super::value::Value;
use std::fmt;

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
            Value::Contained(contained) => {
                write!(
                    f,
                    "contained {}#{} {} bytes",
                    contained.type_code,
                    contained.id,
                    contained.values.len()
                )
            }
            Value::ReferenceContained(id) => write!(f, "reference #{id}"),
            Value::Words(words) => {
                f.write_str("words")?;
                let mut all = Vec::new();
                words.each(|word| all.push(word));
                all.iter().try_for_each(|word| write!(f, " {word}"))
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
        key => unsortable(key).to_string(),
    }
}
