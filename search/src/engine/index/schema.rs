//! The fields of a document. A change of anything here raises [`crate::kind::index::FORMAT`], which rebuilds the index.

use tantivy::schema::{BytesOptions, FAST, Field, JsonObjectOptions, Schema};

/// The fields.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// [`crate::engine::identity`]: to name a hit, and to tell those of one hash apart.
    pub key: Field,
    /// [`crate::kind::index`]: exact, no frequencies, no norms.
    pub terms: Field,
    /// [`super::pairs`]: intervals, a pair of i64 columns per parameter. [`super::refers`]: what is referred to, one column.
    pub pairs: Field,
    /// [`crate::page::sort_hash`]: segments are sorted by it.
    pub sort: Field,
    /// The version the document was made of.
    pub version: Field,
    /// Milliseconds since the epoch.
    pub last_updated: Field,
    /// Where the row is, to read it.
    pub partition: Field,
    /// The encoded index values, stored, for what terms and pairs cannot decide.
    pub values: Field,
}

/// Names of the columns that are read by name.
pub const KEY: &str = "key";
/// See [`Fields::pairs`].
pub const PAIRS: &str = "pairs";
/// See [`Fields::sort`].
pub const SORT: &str = "sort";
/// See [`Fields::version`].
pub const VERSION: &str = "version";
/// See [`Fields::last_updated`].
pub const LAST_UPDATED: &str = "last_updated";
/// See [`Fields::partition`].
pub const PARTITION: &str = "partition";

/// The fixed schema.
pub fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let fields = Fields {
        key: builder.add_bytes_field(KEY, BytesOptions::default().set_fast()),
        terms: builder.add_bytes_field("terms", BytesOptions::default().set_indexed()),
        pairs: builder.add_json_field(PAIRS, JsonObjectOptions::default().set_fast("raw")),
        sort: builder.add_u64_field(SORT, FAST),
        version: builder.add_u64_field(VERSION, FAST),
        last_updated: builder.add_i64_field(LAST_UPDATED, FAST),
        partition: builder.add_u64_field(PARTITION, FAST),
        values: builder.add_bytes_field("values", BytesOptions::default().set_stored()),
    };
    (builder.build(), fields)
}
