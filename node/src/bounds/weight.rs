//! What the work on a body takes besides the body itself. Bounds from above: what is admitted must fit.

use fhir::json::Document;

/// Index values, the version with its id and meta, its form in the log, and the batch that is written to the tables.
const COPIES_OF_A_WRITE: usize = 4;
/// The same, and the entries as resources of their own where their references are rewritten.
const COPIES_OF_A_BUNDLE: usize = 5;

/// A resource that is written, or a patch.
pub fn of_write(body: &[u8]) -> usize {
    Document::tape_bytes_max(body) + COPIES_OF_A_WRITE * body.len()
}

/// A bundle: read as a whole and entry by entry.
pub fn of_bundle(body: &[u8]) -> usize {
    2 * Document::tape_bytes_max(body) + COPIES_OF_A_BUNDLE * body.len()
}

/// Something that is read and not stored.
pub fn of_input(body: &[u8]) -> usize {
    Document::tape_bytes_max(body)
}
