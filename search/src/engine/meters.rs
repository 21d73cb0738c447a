//! The metrics of the engine: what they are about, and zeros before the first seal.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Registers them with the recorder that is installed now.
pub fn register(shards: usize) {
    describe_gauge!("salamander_search_seal_failing", "1: a shard's index cannot be written now");
    describe_counter!(
        "salamander_search_seal_failures_total",
        "Seals that failed and were tried again, by shard"
    );
    describe_counter!(
        "salamander_search_sealed_documents_total",
        "Entries of the fresh tail written to segments"
    );
    describe_histogram!("salamander_search_seal_seconds", "To write a run of the fresh tail into a segment");
    describe_counter!(
        "salamander_search_publish_waits_total",
        "Times that writes waited for room in the fresh tail"
    );
    describe_histogram!(
        "salamander_search_publish_wait_seconds",
        "How long writes waited for room in the fresh tail"
    );
    for shard in 0..shards {
        gauge!("salamander_search_seal_failing", "shard" => shard.to_string()).set(0.0);
        counter!("salamander_search_seal_failures_total", "shard" => shard.to_string()).absolute(0);
    }
    counter!("salamander_search_sealed_documents_total").absolute(0);
    counter!("salamander_search_publish_waits_total").absolute(0);
    // A histogram is there once somebody asked for it.
    let _ = histogram!("salamander_search_seal_seconds");
    let _ = histogram!("salamander_search_publish_wait_seconds");
}
