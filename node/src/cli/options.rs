//! From the configuration to what the engine is opened with. Every option of the engine's sections is used here once.

use crate::{
    bounds::Bounds,
    compartment,
    config::Config,
    engine::{Level, Options},
};
use std::{path::PathBuf, time::Duration};

/// The engine's options, of a whole configuration.
pub fn engine(config: &Config) -> Options {
    Options {
        data_dir: config.node.data.clone(),
        storage: storage(config),
        log: log(config),
        cluster: cluster(config),
        search: search(config),
        search_limits: search_limits(config),
        actors: compartment::Limits {
            actors_max: config.actors.active_max,
            idle: ms(config.actors.idle_ms),
            queue_max: config.actors.queue_max,
            lease_max: ms(config.transactions.lease_ms),
        },
        // Once the listeners are bound.
        door: config.grpc.address.clone(),
        base_url: (!config.rest.base_url.is_empty()).then(|| below(&config.rest.base_url)),
        further_bases: config.rest.further_base_urls.0.iter().map(|base| below(base)).collect(),
        json: json(config),
        patch: patch(config),
        validation: Level::of(&config.validation.level).unwrap_or(Level::Structure),
        profiles: config.validation.profiles.0.clone(),
        issues_max: config.validation.issues_max,
        packages: config.conformance.packages.0.iter().map(PathBuf::from).collect(),
        conformance_cache_bytes: config.conformance.cache_bytes,
        computations_max: computations(config.limits.computations_max),
        bundle_entries_max: config.limits.bundle_entries_max,
        bundle_answer_bytes_max: config.limits.bundle_answer_bytes_max,
        batch_concurrency: config.limits.batch_concurrency,
        write_attempts_max: config.limits.write_attempts_max,
        conditional_delete_max: config.limits.conditional_delete_max,
        dedup_retention: ms(config.idempotency.retention_ms),
        transaction_timeout: ms(config.transactions.prepare_timeout_ms),
        resolve_interval: ms(config.transactions.resolve_interval_ms),
        clock_off_max: ms(config.cluster.clock_off_max_ms),
        reservation_timeout: ms(config.transactions.reservation_timeout_ms),
        history_page_max: config.limits.history_page_max,
        reference_cache_max: config.transactions.reference_cache_max,
        slow_search: (config.logging.slow_request_ms > 0).then(|| ms(config.logging.slow_request_ms)),
        tenants_max: config.limits.tenants_max,
        bounds: Bounds::of(config),
    }
}

/// A base, as what stands below it begins.
fn below(base: &str) -> String {
    base.trim_end_matches('/').to_owned()
}

/// 0 stands for one per core.
fn computations(configured: usize) -> usize {
    match configured {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        some => some,
    }
}

fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

fn json(config: &Config) -> fhir::json::Limits {
    fhir::json::Limits { depth_max: config.limits.json_depth_max, bytes_max: config.limits.json_bytes_max }
}

fn patch(config: &Config) -> fhir::patch::Limits {
    fhir::patch::Limits {
        json: json(config),
        operations_max: config.limits.patch_operations_max,
        bytes_max: config.limits.patch_bytes_max,
        steps_max: config.limits.patch_steps_max,
    }
}

fn storage(config: &Config) -> storage::Options {
    storage::Options {
        block_cache_bytes: config.storage.block_cache_bytes,
        memtable_bytes: config.storage.memtable_bytes,
        memtables_bytes: config.storage.memtables_bytes,
        open_files_max: config.storage.open_files_max,
    }
}

fn log(config: &Config) -> storage::log::Options {
    storage::log::Options {
        segment_bytes: config.log.segment_bytes,
        batch_bytes: config.log.batch_bytes,
        recent_bytes: config.log.recent_bytes,
        spares: config.log.spares,
        ..storage::log::Options::default()
    }
}

fn cluster(config: &Config) -> cluster::Options {
    cluster::Options {
        node_id: config.node.id,
        partitions: config.storage.partitions,
        proposals_max: config.raft.proposals_max,
        log_queue_max: config.log.queue_max,
        proposal_bytes_max: config.raft.proposal_bytes_max,
        heartbeat: ms(config.raft.heartbeat_interval_ms),
        proof: match config.raft.read_proof.as_str() {
            "quorum" => cluster::Proof::Quorum,
            _ => cluster::Proof::Lease,
        },
        group_log_bytes: config.log.group_bytes,
        log_bytes: config.log.total_bytes,
        disk_reserve_bytes: config.storage.disk_reserve_bytes,
        maintenance: ms(config.storage.maintenance_interval_ms),
        left_replicas_kept: ms(2 * config.limits.request_timeout_ms),
        start_timeout: ms(config.raft.start_timeout_ms),
        shutdown_timeout: ms(config.raft.shutdown_timeout_ms),
        ..cluster::Options::new(config.node.data.join("cluster"))
    }
}

fn search(config: &Config) -> search::Options {
    search::Options {
        shards: config.search.shards,
        writer_bytes: config.search.writer_bytes,
        seal_docs: config.search.seal_documents,
        seal_after: ms(config.search.seal_after_ms),
        tail_docs_max: config.search.tail_documents_max,
        tail_bytes_max: config.search.tail_bytes_max,
        order_bytes_max: config.search.order_bytes_max,
        retry_after: ms(config.search.retry_after_ms),
        ..search::Options::default()
    }
}

fn search_limits(config: &Config) -> search::Limits {
    search::Limits {
        parameters_max: config.limits.search_parameters_max,
        values_max: config.limits.search_values_max,
        codes_max: config.limits.search_codes_max,
        value_bytes_max: config.limits.search_value_bytes_max,
        bytes_max: config.limits.search_bytes_max,
        count_default: config.limits.search_page_default,
        count_max: config.limits.search_page_max,
        includes_max: config.limits.search_includes_max,
        joined_max: config.limits.search_joined_max,
        point_reads_max: config.limits.search_point_reads_max,
        full_text: config.search.full_text.parse().unwrap_or_default(),
        ..search::Limits::default()
    }
}

#[cfg(test)]
mod tests;
