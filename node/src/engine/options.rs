//! What a node is opened with. The defaults are the configuration's.

use super::Level;
use crate::{bounds::Bounds, compartment};
use fhir::index::{Bases, ExtractOptions};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Folders, sizes and bounds.
#[derive(Clone, Debug)]
pub struct Options {
    /// The one folder everything is kept in: `state/`, `log/`, `index/`.
    pub data_dir: PathBuf,
    pub storage: storage::Options,
    pub log: storage::log::Options,
    pub cluster: cluster::Options,
    pub search: search::Options,
    pub search_limits: search::Limits,
    pub actors: compartment::Limits,
    /// host:port at which clients reach the gRPC listener; empty: not from elsewhere.
    pub door: String,
    /// The FHIR base URL clients use, where it is configured: references below it are local ones.
    pub base_url: Option<String>,
    /// Others by which it is known.
    pub further_bases: Arc<[String]>,
    pub json: fhir::json::Limits,
    /// What one patch may cost.
    pub patch: fhir::patch::Limits,
    /// What every write is checked for.
    pub validation: Level,
    /// Under full validation: profiles that every resource of their type must follow.
    pub profiles: Vec<String>,
    /// Issues of one validation.
    pub issues_max: usize,
    /// Packages of implementation guides: `.tgz` files or folders.
    pub packages: Vec<PathBuf>,
    /// Stored conformance resources kept parsed.
    pub conformance_cache_bytes: usize,
    /// Validations and terminology operations at the same time.
    pub computations_max: usize,
    /// Entries of one bundle.
    pub bundle_entries_max: usize,
    pub bundle_answer_bytes_max: usize,
    /// How many entries of a batch are worked on at once.
    pub batch_concurrency: usize,
    /// How often a write is decided anew after a concurrent one came first.
    pub write_attempts_max: usize,
    pub conditional_delete_max: usize,
    /// How long the answer to an idempotency key is kept.
    pub dedup_retention: Duration,
    /// How long a prepared transaction waits for its decision before anyone may have it aborted.
    pub transaction_timeout: Duration,
    /// How often prepared transactions that nobody is at work on are looked for.
    pub resolve_interval: Duration,
    /// A clock that is further from those of most other nodes is off.
    pub clock_off_max: Duration,
    /// How long criteria of a conditional interaction stay reserved at most.
    pub reservation_timeout: Duration,
    /// Versions on a history page.
    pub history_page_max: usize,
    /// Resolved conditional references kept in memory.
    pub reference_cache_max: usize,
    /// A search that takes longer is logged with its plan; `None`: none is.
    pub slow_search: Option<Duration>,
    /// Tenants beside the default one.
    pub tenants_max: usize,
    /// What all requests may hold together.
    pub bounds: Arc<Bounds>,
}

impl Options {
    /// How index values are extracted and compartments are told.
    pub fn extract<'o>(&self, bases: Bases<'o>) -> ExtractOptions<'o> {
        ExtractOptions { bases, custom: None, words: self.search_limits.full_text }
    }
}
