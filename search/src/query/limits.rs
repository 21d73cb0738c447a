//! Limits of one search.

use fhir::index::FullText;

/// Limits of one search; from the configuration, but for `conditions_max`.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Parameters, repeated ones counted each.
    pub parameters_max: usize,
    /// Comma-separated values of one parameter.
    pub values_max: usize,
    /// Codes that one value of `:in`, `:not-in`, `:below` or `:above` stands for.
    pub codes_max: usize,
    /// Conditions that all values together stand for: an id without a type is one for each type it may be of, a value set
    /// one for each of its codes.
    pub conditions_max: usize,
    /// Bytes of one parameter's value.
    pub value_bytes_max: usize,
    /// Bytes of all names and values.
    pub bytes_max: usize,
    /// The page size where `_count` is not given.
    pub count_default: usize,
    /// A larger `_count` is cut to this.
    pub count_max: usize,
    /// Resources that come with the matches of one page; for whoever reads them.
    pub includes_max: usize,
    /// Resources that one parameter may rest on: a chain, `_has` or `_list`; for whoever finds them.
    pub joined_max: usize,
    /// Which words of resources are kept, and so can be asked for.
    pub full_text: FullText,
    /// Ids times types that `_id` reads one by one; more go through the index.
    pub point_reads_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            parameters_max: 64,
            values_max: 1000,
            codes_max: 10_000,
            // A condition takes some 2 KB while it is looked for.
            conditions_max: 32_768,
            value_bytes_max: 32 << 10,
            bytes_max: 64 << 10,
            count_default: 20,
            count_max: 1000,
            includes_max: 10_000,
            joined_max: 1_000_000,
            full_text: FullText::Narrative,
            point_reads_max: 1000,
        }
    }
}
