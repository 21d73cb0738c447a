//! Which segments become one (decisions/0005).

use tantivy::indexer::LogMergePolicy;

/// Segments of one size that are merged: each document is written again at each power of it. More make loading cheaper, and
/// leave searches of the whole population more segments to look into.
const SEGMENTS: usize = 12;
/// A segment with a larger part of its documents superseded or deleted is written again without them.
const DEAD_MAX: f32 = 0.4;

/// What every shard merges by.
pub fn policy() -> LogMergePolicy {
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(SEGMENTS);
    policy.set_del_docs_ratio_before_merge(DEAD_MAX);
    policy
}
