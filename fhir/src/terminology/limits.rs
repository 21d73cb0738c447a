//! What terminology may cost.

/// Bounds on what is compiled and answered. Who meets one gets [`Error::TooCostly`](super::Error::TooCostly) naming it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Codes of one expansion that is answered without paging, or of one page.
    pub expansion_codes_max: usize,
    /// Bytes of a text filter.
    pub filter_bytes_max: usize,
    /// Different words of a text filter: each is looked for in the texts of every code.
    pub filter_words_max: usize,
    /// Concepts of one code system.
    pub concepts_max: usize,
    /// How deep value sets may import each other.
    pub import_depth_max: usize,
    /// Includes and excludes of one value set.
    pub includes_max: usize,
    /// Filters of one include.
    pub filters_max: usize,
    /// Bytes of a regular expression in a filter.
    pub regex_bytes_max: usize,
    /// Bytes a compiled regular expression may take.
    pub regex_program_bytes_max: usize,
    /// Steps of compiling one value set with all it imports, each of which is compiled once. A step is an include, a code
    /// that is listed, a concept a filter looks at, a resource it depends on, or a thousand codes of a set that is joined.
    pub compile_steps_max: usize,
    /// Bytes of one compilation: of all value sets it makes.
    pub compile_bytes_max: usize,
    /// Compiled value sets, and code systems, that are kept; beyond them the cache starts anew.
    pub cached_max: usize,
    /// Bytes of what is kept, resources included; beyond them the cache starts anew. What is larger alone is not kept.
    pub cached_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            expansion_codes_max: 20_000,
            filter_bytes_max: 1_024,
            filter_words_max: 32,
            concepts_max: 2_000_000,
            import_depth_max: 32,
            includes_max: 10_000,
            filters_max: 64,
            regex_bytes_max: 1_024,
            regex_program_bytes_max: 1 << 20,
            compile_steps_max: 50_000_000,
            compile_bytes_max: 256 << 20,
            cached_max: 10_000,
            cached_bytes_max: 256 << 20,
        }
    }
}
