//! Texts that most index values are full of, as small numbers.

use crate::names::{HashTable, Span, count, last_fields};

const TABLE: &str = include_str!("../../definitions/known-texts.txt");
const COUNT: usize = count(TABLE.as_bytes());
static SPANS: [Span; COUNT] = last_fields(TABLE.as_bytes());
static SLOTS: HashTable<512> = HashTable::new(TABLE.as_bytes(), &SPANS);

/// The number of `text` (a code system, a unit, a status) that stored index values hold in its place: its line in
/// `definitions/known-texts.txt`, from 0. The file is append-only.
#[inline]
pub(crate) fn number(text: &str) -> Option<u16> {
    SLOTS.find(TABLE.as_bytes(), &SPANS, text.as_bytes()).checked_sub(1)
}

/// The text of a number; `None` for one this build does not know.
#[inline]
pub(crate) fn text(number: usize) -> Option<&'static str> {
    let span = SPANS.get(number)?;
    std::str::from_utf8(span.of(TABLE.as_bytes())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_lines_and_lines_are_found_quickly() {
        let mut probes = 0;
        for (line, known) in TABLE.lines().enumerate() {
            assert_eq!((number(known), text(line)), (Some(line as u16), Some(known)));
            probes += SLOTS.probes(TABLE.as_bytes(), &SPANS, known.as_bytes());
        }
        assert!(probes < 2 * COUNT, "{probes} probes");
        assert_eq!((number(""), number("http://loinc.or"), text(COUNT)), (None, None, None));
    }

    /// Stored bytes depend on these: lines may only be added at the end.
    #[test]
    fn released_numbers_stay() {
        assert_eq!((text(0), text(55)), (Some("http://loinc.org"), Some("true")));
    }
}
