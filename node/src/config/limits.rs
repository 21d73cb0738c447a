//! What one request may cost.

use super::section::section;

section! {
    /// Limits of single requests, over both wires.
    Limits {
        /// Requests under way at the same time on the node; above it the answer is 429 / RESOURCE_EXHAUSTED.
        requests_in_flight_max: usize = 1024;
        /// A request takes no longer than this, whatever deadline its caller gave.
        request_timeout_ms: u64 = 60_000;
        /// Nesting of a JSON body.
        json_depth_max: usize = 64;
        /// Largest single resource.
        resource_bytes_max: u64 = 64 << 20;
        /// Entries of one transaction or batch.
        bundle_entries_max: usize = 10_000;
        /// Page size of search and history where `_count` is not given.
        page_size_default: u32 = 50;
        /// Largest page size; a greater `_count` gets this.
        page_size_max: u32 = 1000;
        /// A page is closed early when its bodies exceed this.
        page_bytes_max: u64 = 32 << 20;
        /// Search parameters of one request, repetitions included.
        search_parameters_max: usize = 64;
        /// Alternatives (`a,b,c`) of one search parameter.
        search_values_max: usize = 256;
        /// Rows one patient-scoped search looks at before it answers TOO_COSTLY.
        search_scan_rows_max: usize = 1_000_000;
        /// Conditional references and conditional creates resolved in one bundle.
        conditionals_max: usize = 1000;
    }
}

section! {
    /// Idempotency keys.
    Idempotency {
        /// A write repeated with its key within this time gets the first answer again.
        retention_ms: u64 = 24 * 3600 * 1000;
        /// Longest key.
        key_bytes_max: usize = 128;
    }
}
