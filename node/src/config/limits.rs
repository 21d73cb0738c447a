//! What one request may cost.

use super::{List, range::DAY_MS, section::section};

section! {
    /// Limits of single requests, over both wires.
    Limits {
        /// Requests under way at the same time on the node; above it the answer is 429 / RESOURCE_EXHAUSTED.
        requests_in_flight_max: usize = 1024 => 1..=1 << 24;
        /// Memory that all requests together may hold: bodies, what is parsed of them, copies on their way to the log. What does not fit now is answered 429, what never fits 413. 0: its part of memory.total_bytes.
        requests_bytes_max: usize = 0;
        /// How much of these two the requests of one tenant may hold, in percent, where there are several tenants: the rest is for the others. 100: all.
        tenant_percent: usize = 75 => 1..=100;
        /// Tenants beside the default one, those included whose data is going.
        tenants_max: usize = 1000 => 1..=10_000;
        /// A request takes no longer than this, whatever deadline its caller gave.
        request_timeout_ms: u64 = 60_000 => 1..=DAY_MS;
        /// Nesting of a JSON body; never more than 512.
        json_depth_max: usize = 64 => 1..=512;
        /// Largest JSON body that is parsed, resource or bundle.
        json_bytes_max: usize = 64 << 20 => 1..;
        /// Operations of one patch.
        patch_operations_max: usize = 10_000 => 1..;
        /// Bytes that all operations of one patch may write together.
        patch_bytes_max: usize = 16 << 20 => 1..;
        /// Values that all operations of one patch may look at, take apart or shift; bounds how long it holds its compartment.
        patch_steps_max: u64 = 4 << 20 => 1..;
        /// Entries of one transaction or batch.
        bundle_entries_max: usize = 50_000 => 1..;
        /// Bytes of the resources in the answer to one transaction or batch; reads beyond it are refused one by one.
        bundle_answer_bytes_max: usize = 256 << 20 => 1..;
        /// Entries of one batch that are worked on at the same time.
        batch_concurrency: usize = 16 => 1..=1 << 16;
        /// How often a write is decided anew after a concurrent one came first, before it answers CONFLICT.
        write_attempts_max: usize = 16 => 1..;
        /// Resources that one conditional delete deletes; more matches refuse it. 1: FHIR's `single`, above it `multiple`.
        conditional_delete_max: usize = 1 => 1..;
        /// Page size of a search where `_count` is not given.
        search_page_default: usize = 50 => 1..;
        /// Largest page of a search; a greater `_count` gets this.
        search_page_max: usize = 1000 => 1..;
        /// Resources that `_include` and `_revinclude` add to one page, that one document of `$document` holds, or that one `$graphql` query
        /// resolves references to; what would take more is refused.
        search_includes_max: usize = 10_000 => 1..;
        /// Resources that what a search names by a chain, `_has` or `_list` may be; where it is more, the search is refused. Each takes
        /// some 16 bytes (`limits.requests_bytes_max`) while it is looked for.
        search_joined_max: usize = 1_000_000 => 1..;
        /// Largest page of a history.
        history_page_max: usize = 1000 => 1..;
        /// Parameters of one search, repeated ones counted each.
        search_parameters_max: usize = 64 => 1..;
        /// Comma-separated values of one search parameter.
        search_values_max: usize = 1000 => 1..;
        /// Codes that one value of the modifiers `:in`, `:not-in`, `:below` and `:above` may stand for.
        search_codes_max: usize = 10_000 => 1..;
        /// Bytes of one search parameter's value.
        search_value_bytes_max: usize = 32 << 10 => 1..;
        /// Bytes of all names and values of one search.
        search_bytes_max: usize = 64 << 10 => 1..;
        /// Validations and terminology operations that are computed at the same time, each on a thread of its own; more wait. 0: one per core.
        computations_max: usize = 0 => 0..=4096;
        /// Ids times types that `_id` reads one by one; more go through the index.
        search_point_reads_max: usize = 1000;
    }
}

section! {
    /// Validation of what is written, and of `$validate`.
    Validation {
        /// What every write is checked for. `off`: a known resource type. `structure`: names, shapes, cardinality, types and primitives too. `full`: bindings, invariants, references, extensions and profiles too.
        level: String = "structure".to_owned();
        /// Under `full`: canonical URLs of profiles that every resource of their type must follow, besides those its `meta.profile` names.
        profiles: List = List::default();
        /// Issues one validation reports at most.
        issues_max: usize = 100 => 1..;
    }
}

section! {
    /// Where profiles, value sets and code systems come from, besides R4's own and the stored ones.
    Conformance {
        /// Packages of implementation guides for R4: `.tgz` files or unpacked folders. Loaded at every start.
        packages: List = List::default();
        /// Stored StructureDefinitions, ValueSets, CodeSystems and ConceptMaps kept parsed, those used last. 0: its part of memory.total_bytes.
        cache_bytes: usize = 0;
    }
}

section! {
    /// Idempotency keys.
    Idempotency {
        /// A write repeated with its key within this time gets the first answer again.
        retention_ms: u64 = 24 * 3600 * 1000 => 1..=366 * DAY_MS;
    }
}
