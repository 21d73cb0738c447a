//! Which of two values is greater.

use crate::fhirpath::value::{Quantity, Unit};
use crate::json::{Kind, Node};
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// Order of two values where there is one: numbers, dates as far as they do not overlap, times of the day, quantities of units that
/// UCUM converts into each other.
pub(super) fn compare(value: Node<'_>, limit: Node<'_>) -> Option<Ordering> {
    if let (Some(value), Some(limit)) = (value.number_text(), limit.number_text()) {
        let read = |text: &str| text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(text)).ok();
        return Some(read(value)?.cmp(&read(limit)?));
    }
    if let (Kind::Object, Kind::Object) = (value.kind(), limit.kind()) {
        let same =
            |name: &str| value.get(name).and_then(Node::as_str) == limit.get(name).and_then(Node::as_str);
        if same("system") && same("code") {
            return compare(value.get("value")?, limit.get("value")?);
        }
        let (value, limit) = quantity(value)?.commensurate(&quantity(limit)?)?;
        return Some(value.cmp(&limit));
    }
    let (value, limit) = (value.as_str()?, limit.as_str()?);
    match (crate::index::date_range(&value), crate::index::date_range(&limit)) {
        (Ok(value), Ok(limit)) if value.1 <= limit.0 => Some(Ordering::Less),
        (Ok(value), Ok(limit)) if value.0 >= limit.1 => Some(Ordering::Greater),
        (Ok(value), Ok(limit)) if value == limit => Some(Ordering::Equal),
        (Err(_), Err(_)) if is_time(&value) && is_time(&limit) => Some(value.cmp(&limit)),
        _ => None,
    }
}

/// `hh:mm:ss` with or without a fraction: such texts have the order of what they say.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let pair = |at: usize| bytes.get(at..at + 2).is_some_and(|two| two.iter().all(u8::is_ascii_digit));
    pair(0) && pair(3) && pair(6) && bytes[2] == b':' && bytes[5] == b':'
}

/// A Quantity with a unit of UCUM.
fn quantity(node: Node<'_>) -> Option<Quantity> {
    let text = |name: &str| node.get(name).and_then(Node::as_str);
    text("system").filter(|system| system == "http://unitsofmeasure.org")?;
    let value = node.get("value")?.number_text()?.parse().ok()?;
    Some(Quantity { value, unit: Unit::Ucum(text("code")?.into()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Document, Limits};

    #[test]
    fn what_has_an_order() {
        use Ordering::{Equal, Greater, Less};
        for (left, right, order) in [
            ("1.50", "1.5", Some(Equal)),
            ("2", "1e1", Some(Less)),
            ("\"2020\"", "\"2021-01-01\"", Some(Less)),
            ("\"2020\"", "\"2020-05\"", None),
            ("\"2020-05-01T12:00:00Z\"", "\"2020-05-01T13:00:00+01:00\"", Some(Equal)),
            ("\"12:00:00\"", "\"11:59:59.9\"", Some(Greater)),
            ("\"a\"", "\"b\"", None),
            (
                r#"{"value":1,"system":"http://unitsofmeasure.org","code":"g"}"#,
                r#"{"value":900,"system":"http://unitsofmeasure.org","code":"mg"}"#,
                Some(Greater),
            ),
            (r#"{"value":1,"unit":"a"}"#, r#"{"value":2,"unit":"a"}"#, Some(Less)),
        ] {
            let text = format!(r#"{{"a":{left},"b":{right}}}"#);
            let both = Document::parse(text, &Limits::default()).expect("JSON");
            let side = |name| both.root().get(name).expect("a side");
            assert_eq!(compare(side("a"), side("b")), order, "{left} {right}");
        }
    }
}
