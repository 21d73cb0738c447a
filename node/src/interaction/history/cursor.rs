//! Where a history over pages goes on, and the moment all its pages show.
//!
//! `last updated in ms "_" type code "_" version "_" id "_" applied index of each partition, joined by "."`: an id has no
//! underscore.

use proto::{Code, Error, PartitionId, ResourceId, TypeCode};
use std::{fmt, str::FromStr};
use storage::{HistoryPlace, Origin};

/// A moment: the last log entry of every partition, in the order of the partitions, whose writes belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment(pub Vec<u64>);

impl Moment {
    /// Whether a version that `holder` holds had been written by then.
    pub fn holds(&self, holder: PartitionId, origin: Origin) -> bool {
        let partition = origin.partition.unwrap_or(holder);
        // Partitions count from 1.
        let place = usize::from(partition.0).checked_sub(1);
        place.and_then(|place| self.0.get(place)).is_some_and(|last| origin.index <= *last)
    }
}

/// The end of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The last version on it.
    pub last: HistoryPlace,
    pub moment: Moment,
}

impl Cursor {
    /// From the text in a link, on a node of so many partitions.
    ///
    /// # Errors
    /// `BadParameter` for what no page of this server ended with.
    pub fn parse(text: &str, partitions: usize) -> Result<Self, Error> {
        read(text).filter(|cursor| cursor.moment.0.len() == partitions).ok_or_else(bad_cursor)
    }
}

fn read(text: &str) -> Option<Cursor> {
    let mut parts = text.split('_');
    let last_updated_ms = number(parts.next()?)?;
    let type_code = TypeCode(number(parts.next()?)?);
    let version = number(parts.next()?)?;
    let id = ResourceId::parse(parts.next()?).ok()?;
    let moment = Moment(parts.next()?.split('.').map(number).collect::<Option<_>>()?);
    let last = HistoryPlace { last_updated_ms, type_code, id, version };
    parts.next().is_none().then_some(Cursor { last, moment })
}

fn number<N: FromStr>(text: &str) -> Option<N> {
    text.parse().ok()
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HistoryPlace { last_updated_ms, type_code, id, version } = &self.last;
        write!(f, "{last_updated_ms}_{}_{version}_{}_", type_code.0, id.as_str())?;
        for (place, index) in self.moment.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "." };
            write!(f, "{separator}{index}")?;
        }
        Ok(())
    }
}

/// The answer to a cursor that is none.
pub fn bad_cursor() -> Error {
    Error::new(
        Code::BadParameter,
        "the page cursor is not one of this server's; start again from the first page",
    )
    .as_issue("value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_bad_ones_are_refused() {
        let id = ResourceId::parse("a-b.c").unwrap();
        let last =
            HistoryPlace { last_updated_ms: 1_700_000_000_000, type_code: TypeCode(90), id, version: 3 };
        let cursor = Cursor { last, moment: Moment(vec![7, u64::MAX]) };
        assert_eq!(Cursor::parse(&cursor.to_string(), 2).unwrap(), cursor);
        let good = cursor.to_string();
        assert_eq!(Cursor::parse(&good, 3).unwrap_err().code, Code::BadParameter);
        for bad in
            ["", "x", "1.7.0-16.8.3", "1_90_3_a_", "1_90_3_a_1._2", "1_99999_3_a_1.2", "1_90_3_a/b_1.2"]
        {
            assert_eq!(Cursor::parse(bad, 2).unwrap_err().code, Code::BadParameter, "{bad}");
        }
        for end in 0..good.len() {
            assert_ne!(Cursor::parse(&good[..end], 2).ok(), Some(cursor.clone()));
        }
    }

    #[test]
    fn a_version_belongs_to_a_moment_by_the_entry_that_wrote_it_first() {
        let moment = Moment(vec![10, 20]);
        let (first, second) = (PartitionId(1), PartitionId(2));
        assert!(moment.holds(first, Origin { partition: None, index: 10 }));
        assert!(!moment.holds(first, Origin { partition: None, index: 11 }));
        assert!(moment.holds(first, Origin { partition: Some(second), index: 20 }));
        assert!(!moment.holds(first, Origin { partition: Some(PartitionId(9)), index: 1 }));
        assert!(!moment.holds(PartitionId(0), Origin { partition: None, index: 0 }));
    }
}
