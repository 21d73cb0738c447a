//! Every option arrives where it is meant to: each is set to a number that no other has, so that two that are swapped
//! are told.

use super::*;
use crate::config::options;
use fhir::index::FullText;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Options that the engine is not opened with, and who sees that they do what they say.
const ELSEWHERE: &[(&str, &str)] = &[
    ("node.threads", "tests/options.rs"),
    ("node.drain_ms", "tests/graceful.rs"),
    ("node.shutdown_grace_ms", "wire::tests"),
    ("node.on_failure", "tests/failed.rs"),
    ("rest.listen", "wire::tests"),
    ("rest.body_bytes_max", "tests/limits.rs"),
    ("limits.requests_bytes_max", "tests/limits.rs"),
    ("memory.total_bytes", "budget"),
    ("rest.connections_max", "tests/limits.rs"),
    ("rest.header_timeout_ms", "wire::tests"),
    ("rest.body_timeout_ms", "tests/bad_input.rs"),
    ("rest.write_timeout_ms", "tests/bad_input.rs"),
    ("rest.head_bytes_max", "tests/limits.rs"),
    ("rest.gzip_bytes_min", "tests/options.rs"),
    ("rest.cors_origins", "tests/options.rs"),
    ("grpc.listen", "wire::tests"),
    ("grpc.message_bytes_max", "tests/limits.rs"),
    ("grpc.connections_max", "tests/options.rs"),
    ("grpc.streams_per_connection_max", "tests/options.rs"),
    ("grpc.write_stream_in_flight_max", "wire::grpc::tests"),
    ("grpc.stream_window_bytes", "tests/options.rs"),
    ("grpc.connection_window_bytes", "tests/options.rs"),
    ("grpc.keepalive_interval_ms", "tests/options.rs"),
    ("grpc.keepalive_timeout_ms", "tests/options.rs"),
    ("tls.cert", "tests/tls.rs"),
    ("tls.key", "tests/tls.rs"),
    ("tls.client_roots", "tests/tls.rs"),
    ("tls.peer_roots", "tests/tls.rs"),
    ("tls.peer_name", "tests/tls.rs"),
    ("tls.handshake_timeout_ms", "tests/tls.rs"),
    ("tls.reload_interval_ms", "tests/tls.rs"),
    ("tls.insecure", "tests/tls.rs"),
    ("cluster.listen", "tests/cluster.rs"),
    ("cluster.address", "tests/cluster.rs"),
    ("cluster.join", "tests/cluster.rs"),
    ("cluster.connections_max", "host::descriptors"),
    ("limits.requests_in_flight_max", "tests/limits.rs"),
    ("limits.tenant_percent", "bounds::tests"),
    ("limits.request_timeout_ms", "wire::tests"),
    ("logging.level", "config::tests"),
    ("logging.format", "tests/options.rs"),
    ("logging.access", "observe::access::tests"),
    ("logging.slow_request_ms", "tests/options.rs"),
];

/// A configuration whose numbers are all different, and each number by its option.
fn distinct() -> (Config, BTreeMap<String, u64>) {
    let mut tree = serde_json::to_value(Config::default()).unwrap();
    let mut numbers = BTreeMap::new();
    for (place, option) in options().into_iter().filter(|option| option.default.is_number()).enumerate() {
        let number = 100 + place as u64;
        let (section, name) = option.key.split_once('.').unwrap();
        tree[section][name] = json!(number);
        numbers.insert(option.key, number);
    }
    (serde_json::from_value(tree).unwrap(), numbers)
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

#[test]
fn every_number_arrives_at_its_own_place() {
    let (config, numbers) = distinct();
    let all = engine(&config);
    let arrived: &[(&str, u64)] = &[
        ("node.id", all.cluster.node_id),
        ("limits.json_depth_max", all.json.depth_max as u64),
        ("limits.json_bytes_max", all.json.bytes_max as u64),
        ("limits.patch_operations_max", all.patch.operations_max as u64),
        ("limits.patch_bytes_max", all.patch.bytes_max as u64),
        ("limits.patch_steps_max", all.patch.steps_max),
        ("limits.bundle_entries_max", all.bundle_entries_max as u64),
        ("limits.bundle_answer_bytes_max", all.bundle_answer_bytes_max as u64),
        ("limits.batch_concurrency", all.batch_concurrency as u64),
        ("limits.write_attempts_max", all.write_attempts_max as u64),
        ("limits.conditional_delete_max", all.conditional_delete_max as u64),
        ("limits.tenants_max", all.tenants_max as u64),
        ("limits.search_page_default", all.search_limits.count_default as u64),
        ("limits.search_page_max", all.search_limits.count_max as u64),
        ("limits.search_includes_max", all.search_limits.includes_max as u64),
        ("limits.search_joined_max", all.search_limits.joined_max as u64),
        ("limits.history_page_max", all.history_page_max as u64),
        ("limits.search_parameters_max", all.search_limits.parameters_max as u64),
        ("limits.search_values_max", all.search_limits.values_max as u64),
        ("limits.search_codes_max", all.search_limits.codes_max as u64),
        ("limits.search_value_bytes_max", all.search_limits.value_bytes_max as u64),
        ("limits.search_bytes_max", all.search_limits.bytes_max as u64),
        ("limits.computations_max", all.computations_max as u64),
        ("limits.search_point_reads_max", all.search_limits.point_reads_max as u64),
        ("validation.issues_max", all.issues_max as u64),
        ("conformance.cache_bytes", all.conformance_cache_bytes as u64),
        ("idempotency.retention_ms", millis(all.dedup_retention)),
        ("storage.partitions", all.cluster.partitions.into()),
        ("storage.block_cache_bytes", all.storage.block_cache_bytes as u64),
        ("storage.memtable_bytes", all.storage.memtable_bytes as u64),
        ("storage.memtables_bytes", all.storage.memtables_bytes as u64),
        ("storage.open_files_max", all.storage.open_files_max as u64),
        ("storage.disk_reserve_bytes", all.cluster.disk_reserve_bytes),
        ("storage.maintenance_interval_ms", millis(all.cluster.maintenance)),
        ("log.segment_bytes", all.log.segment_bytes),
        ("log.queue_max", all.cluster.log_queue_max as u64),
        ("log.batch_bytes", all.log.batch_bytes as u64),
        ("log.recent_bytes", all.log.recent_bytes),
        ("log.spares", all.log.spares as u64),
        ("log.group_bytes", all.cluster.group_log_bytes),
        ("log.total_bytes", all.cluster.log_bytes),
        ("cluster.clock_off_max_ms", millis(all.clock_off_max)),
        ("raft.heartbeat_interval_ms", millis(all.cluster.heartbeat)),
        ("raft.proposals_max", all.cluster.proposals_max as u64),
        ("raft.proposal_bytes_max", all.cluster.proposal_bytes_max as u64),
        ("raft.start_timeout_ms", millis(all.cluster.start_timeout)),
        ("raft.shutdown_timeout_ms", millis(all.cluster.shutdown_timeout)),
        ("actors.active_max", all.actors.actors_max as u64),
        ("actors.idle_ms", millis(all.actors.idle)),
        ("actors.queue_max", all.actors.queue_max as u64),
        ("transactions.prepare_timeout_ms", millis(all.transaction_timeout)),
        ("transactions.resolve_interval_ms", millis(all.resolve_interval)),
        ("transactions.reservation_timeout_ms", millis(all.reservation_timeout)),
        ("transactions.lease_ms", millis(all.actors.lease_max)),
        ("transactions.reference_cache_max", all.reference_cache_max as u64),
        ("search.shards", all.search.shards as u64),
        ("search.writer_bytes", all.search.writer_bytes as u64),
        ("search.seal_documents", all.search.seal_docs as u64),
        ("search.seal_after_ms", millis(all.search.seal_after)),
        ("search.tail_documents_max", all.search.tail_docs_max as u64),
        ("search.tail_bytes_max", all.search.tail_bytes_max as u64),
        ("search.order_bytes_max", all.search.order_bytes_max as u64),
        ("search.retry_after_ms", millis(all.search.retry_after)),
    ];
    for (key, number) in arrived {
        assert_eq!(numbers[*key], *number, "{key}");
    }
    let seen: BTreeSet<&str> =
        arrived.iter().map(|(key, _)| *key).chain(ELSEWHERE.iter().map(|(key, _)| *key)).collect();
    for key in numbers.keys() {
        assert!(seen.contains(key.as_str()), "{key} is in no table: where does it arrive?");
    }
}

#[test]
fn every_text_arrives_at_its_own_place() {
    let mut config = Config::default();
    config.node.data = PathBuf::from("d");
    config.rest.base_url = "https://b/fhir".to_owned();
    config.rest.further_base_urls.0 = vec!["https://c/fhir/".to_owned()];
    config.grpc.address = "b:1".to_owned();
    config.validation.level = "full".to_owned();
    config.raft.read_proof = "quorum".to_owned();
    config.validation.profiles.0 = vec!["p".to_owned()];
    config.conformance.packages.0 = vec!["q".to_owned()];
    config.search.full_text = "all".to_owned();
    let all = engine(&config);
    assert_eq!((all.data_dir, all.cluster.dir), (PathBuf::from("d"), PathBuf::from("d/cluster")));
    assert_eq!(all.door, "b:1");
    assert_eq!(all.base_url.as_deref(), Some("https://b/fhir"));
    assert_eq!(*all.further_bases, ["https://c/fhir".to_owned()]);
    assert_eq!((all.validation, all.cluster.proof), (Level::Full, cluster::Proof::Quorum));
    assert_eq!(all.search_limits.full_text, FullText::All);
    assert_eq!((all.profiles, all.packages), (vec!["p".to_owned()], vec![PathBuf::from("q")]));
    let here = [
        "node.data",
        "rest.base_url",
        "rest.further_base_urls",
        "grpc.address",
        "validation.level",
        "raft.read_proof",
        "validation.profiles",
        "conformance.packages",
        "search.full_text",
    ];
    let seen: BTreeSet<&str> = here.into_iter().chain(ELSEWHERE.iter().map(|(key, _)| *key)).collect();
    for option in options().into_iter().filter(|option| !matches!(option.default, Value::Number(_))) {
        assert!(seen.contains(option.key.as_str()), "{} is in no table: where does it arrive?", option.key);
    }
}

#[test]
fn nobody_is_named_for_an_option_that_is_not_there() {
    let known: BTreeSet<String> = options().into_iter().map(|option| option.key).collect();
    for (key, _) in ELSEWHERE {
        assert!(known.contains(*key), "{key}");
    }
}

#[test]
fn as_many_computations_as_cores_where_none_are_said() {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    assert_eq!(engine(&Config::default()).computations_max, cores);
}
