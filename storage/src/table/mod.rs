//! The tables: typed keys and rows, a file each. This file is their registry: a new table is its own file and its lines here.
//! `README.md` shows a row of every one.
//!
//! Every key is `tag u8 | tenant u32 | …`, see [`crate::key`].

pub mod count;
pub mod decision;
pub mod dedup;
pub mod directory;
pub mod dropped;
pub mod expiry;
pub mod feed;
pub mod generation;
pub mod history;
pub mod index_values;
pub mod meta;
pub mod prepared;
pub mod reservation;
pub mod resource;
pub mod timeline;
pub mod type_history;

use crate::error::{Error, Result};
use crate::key::{Reader, Writer};
use crate::kv::Range;
use bytes::Bytes;
use proto::id::{CompartmentKey, TenantId, TypeCode};

macro_rules! tables {
    ($($(#[$doc:meta])* $tag:ident = $number:literal in $module:ident: $($table:ident),+;)*) => {
        $(pub use $module::{$($table),+};)*

        /// The first byte of every key. A number is never used again: retired ones move to `RETIRED`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Tag { $($(#[$doc])* $tag = $number,)* }

        // A table that says it is another is a mistake the compiler finds.
        $($(const _: () = assert!(matches!(<$table as Table>::TAG, Tag::$tag));)+)*

        impl Tag {
            /// All tags in use, in the order of their numbers.
            pub const ALL: &'static [Tag] = &[$(Tag::$tag),*];

            /// The tag of that number.
            pub fn from_number(number: u8) -> Option<Tag> {
                match number { $($number => Some(Tag::$tag),)* _ => None }
            }

            /// All rows of a tenant.
            pub fn of_tenant(self, tenant: TenantId) -> Range {
                Range::prefix(Writer::key(self as u8, tenant).finish())
            }

            /// What the table is called.
            pub fn name(self) -> &'static str {
                match self { $(Tag::$tag => stringify!($module),)* }
            }
        }
    };
}

tables! {
    /// Current versions.
    Resource = 1 in resource: Resource;
    /// Index values of current versions.
    IndexValues = 2 in index_values: IndexValues;
    /// Superseded versions.
    History = 3 in history: History;
    /// Where resources live that are not their compartment's own.
    Directory = 4 in directory: Directory;
    /// All changes in order: system history, and replay for the search index.
    Feed = 5 in feed: Feed;
    /// The same, by type; not written any more, see `Timeline`.
    TypeHistory = 6 in type_history: TypeHistory;
    /// Answers to requests with an idempotency key.
    Dedup = 7 in dedup: Dedup;
    /// When rows of other tables expire.
    Expiry = 8 in expiry: Expiry;
    /// Transactions that wait for Finish.
    Prepared = 9 in prepared: Prepared;
    /// Decisions of transactions this partition coordinates.
    Decision = 10 in decision: Decision;
    /// Reserved criteria.
    Reservation = 11 in reservation: Reservation;
    /// How many resources of a type there are.
    Count = 12 in count: Count;
    /// The applied index and the membership.
    Meta = 13 in meta: Applied, Membership;
    /// All versions by type and time.
    Timeline = 16 in timeline: Timeline;
    /// The least generation of search parameters that is taken.
    Generation = 17 in generation: Generation;
    /// Tenants that ended.
    Dropped = 18 in dropped: Dropped;
}

/// Numbers of tables that are gone. Also 0 and 255, which keep range ends simple.
#[cfg(test)]
pub const RETIRED: &[u8] = &[0, 255];

/// One table. Who implements it says how keys and rows are written and read; the rest follows.
pub trait Table {
    /// Its number.
    const TAG: Tag;

    /// What a key says after tag and tenant.
    type Key<'a>;

    /// The same, as it is read from a key.
    type Parsed;

    /// What a row tells; may lie in its value.
    type Row<'a>;

    /// Adds a key's parts.
    fn write_key(key: Writer, parts: Self::Key<'_>) -> Writer;

    /// Takes a key's parts.
    fn read_key(key: &mut Reader<'_>) -> Result<Self::Parsed>;

    /// The value of a row; its first byte is the format.
    fn encode(row: &Self::Row<'_>) -> Bytes;

    /// The row in a value, of any format there ever was.
    fn decode(value: &[u8]) -> Result<Self::Row<'_>>;

    /// The key of a row.
    fn key(tenant: TenantId, parts: Self::Key<'_>) -> Vec<u8> {
        Self::write_key(Self::start(tenant), parts).finish()
    }

    /// Tenant and parts of a key.
    fn parse(key: &[u8]) -> Result<(TenantId, Self::Parsed)> {
        let (mut reader, tenant) = Reader::key(Self::TAG.name(), Self::TAG as u8, key)?;
        let parts = Self::read_key(&mut reader)?;
        reader.end()?;
        Ok((tenant, parts))
    }

    /// What all keys of a tenant begin with.
    fn start(tenant: TenantId) -> Writer {
        Writer::key(Self::TAG as u8, tenant)
    }

    /// All rows of a tenant.
    fn of_tenant(tenant: TenantId) -> Range {
        Range::prefix(Self::start(tenant).finish())
    }

    /// All rows of all tenants.
    fn all() -> Range {
        Range::prefix(vec![Self::TAG as u8])
    }

    /// Reads a value, which must be of that format.
    fn reader(format: u8, value: &[u8]) -> Result<Reader<'_>> {
        Reader::value(Self::TAG.name(), format, value)
    }

    /// A row that cannot be read.
    fn corrupt(reason: &'static str) -> Error {
        Error::Corrupt { table: Self::TAG.name(), reason }
    }
}

/// The rows of a compartment, or those of one type in it, in a table whose keys are resource keys.
pub fn of_compartment<T: Table>(
    tenant: TenantId,
    compartment: &CompartmentKey,
    type_code: Option<TypeCode>,
) -> Range {
    let prefix = T::start(tenant).compartment(compartment);
    Range::prefix(match type_code {
        Some(type_code) => prefix.u16(type_code.0).finish(),
        None => prefix.finish(),
    })
}

#[cfg(test)]
mod golden;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_numbers_are_one_to_one_and_never_retired() {
        for number in 0..=255 {
            match Tag::from_number(number) {
                Some(tag) => assert!(tag as u8 == number && !RETIRED.contains(&number)),
                None => assert!(!Tag::ALL.iter().any(|tag| *tag as u8 == number)),
            }
        }
        assert!(
            Tag::ALL.is_sorted_by_key(|tag| *tag as u8),
            "who goes through all rows of a tenant relies on it"
        );
    }

    #[test]
    fn the_readme_has_a_line_for_each_table() {
        let readme = include_str!("../../README.md");
        let lines = || readme.lines().filter_map(|line| line.strip_prefix("| "));
        for tag in Tag::ALL {
            let line = format!("{} | {}", *tag as u8, tag.name());
            assert!(lines().any(|found| found.starts_with(&line)), "| {line} | …");
        }
        let tables = lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).count();
        assert_eq!(tables, Tag::ALL.len(), "and none for others");
    }
}
