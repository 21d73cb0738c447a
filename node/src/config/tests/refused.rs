//! Values that cannot be meant are refused, by name, value and what is allowed.

use super::*;

fn load(key: &str, value: &str) -> Result<Config, Error> {
    let variable = format!("SALAMANDER_{}", key.replace('.', "_").to_uppercase());
    Config::load(&layers(None, &[(&variable, value)], &[]))
}

#[test]
fn what_is_no_value_is_told_with_what_is_one() {
    let table = [
        ("logging.level", "verbose", "info, debug"),
        ("logging.level", "info,verbose", "info, debug"),
        ("logging.level", "node=loud", "info,node=debug"),
        ("logging.level", "", "info, debug"),
        ("logging.format", "xml", "text, json"),
        ("validation.level", "strict", "off, structure, full"),
        ("node.on_failure", "panic", "exit, stay"),
        ("raft.read_proof", "read-index", "lease, quorum"),
        ("rest.base_url", "not a url", "absolute URL"),
        ("rest.base_url", "fhir.example.org/fhir", "absolute URL"),
        ("rest.base_url", "ftp://fhir.example.org", "absolute URL"),
        ("rest.base_url", "https://fhir.example.org/fhir?a=b", "without query"),
        ("rest.base_url", "https://user:secret@fhir.example.org/fhir", "absolute URL"),
        ("rest.further_base_urls", "https://a.example/fhir,b/fhir", "absolute URL"),
        ("rest.further_base_urls", "https://a.example/fhir?x", "absolute URL"),
        ("rest.cors_origins", "https://a.example/", "without a slash"),
        ("rest.cors_origins", "https://a.example,app.example.org", "https://app.example.org"),
        ("rest.listen", "8080", "host:port"),
        ("rest.listen", "127.0.0.1:http", "host:port"),
        ("rest.listen", "127.0.0.1:70000", "host:port"),
        ("grpc.listen", ":50051", "host:port"),
        ("grpc.address", "http://b:1", "host:port"),
        ("grpc.listen", "127.0.0.1:8080", "another address than rest.listen's"),
        ("storage.partitions", "257", "1 to 256"),
        ("storage.open_files_max", "-1", "32 to 1000000"),
        ("search.writer_bytes", "1000", "0, or 15000000 to"),
        ("limits.json_depth_max", "513", "1 to 512"),
        ("limits.tenant_percent", "0", "1 to 100"),
        ("limits.tenants_max", "10001", "1 to 10000"),
        ("limits.search_page_default", "2000", "at most limits.search_page_max, which is 1000"),
        ("raft.proposals_max", "32768", "log.queue_max"),
        ("search.tail_documents_max", "8191", "search.tail_documents_max, which is 8191"),
        ("rest.header_timeout_ms", "86400001", "1 to 86400000"),
        ("node.data", "", "a folder"),
        ("tls.cert", "node.pem", "only together with tls.key"),
        ("tls.key", "node.key", "only together with tls.cert"),
        ("tls.client_roots", "ca.pem", "only together with tls.cert"),
        ("tls.peer_roots", "ca.pem", "only together with tls.cert"),
        ("tls.peer_name", "", "a DNS name"),
        ("tls.peer_name", "*.nodes", "a DNS name"),
        ("tls.peer_name", "10.0.0.1", "a DNS name"),
    ];
    for (key, value, allowed) in table {
        let error = load(key, value).expect_err(key).to_string();
        let named = error.contains(key) || error.contains("which is");
        assert!(named && error.contains(allowed), "{key} = {value}: {error}");
    }
}

#[test]
fn what_can_be_meant_is_taken() {
    let table = [
        ("logging.level", "WARN"),
        ("logging.level", "off"),
        ("logging.level", "info,node=debug"),
        ("logging.level", "info,[request{request_id=a}]=trace"),
        ("rest.base_url", "http://localhost:8080/fhir/"),
        ("rest.base_url", "https://[::1]/r4"),
        ("rest.further_base_urls", "https://a.example/fhir/,http://b:8080"),
        ("rest.cors_origins", "*"),
        ("rest.cors_origins", "https://a.example,http://localhost:3000"),
        ("rest.listen", "[::]:0"),
        ("grpc.listen", "localhost:50051"),
        ("node.shutdown_grace_ms", "0"),
        ("tls.peer_name", "nodes.fhir.example.org"),
    ];
    for (key, value) in table {
        if let Err(error) = load(key, value) {
            panic!("{key} = {value}: {error}");
        }
    }
}

/// Where nothing at all is a limit's value, everything would be refused: such a start is a mistake.
#[test]
fn no_limit_is_zero_and_none_is_without_bounds() {
    let has_zero = [
        "conformance.cache_bytes",
        "limits.computations_max",
        "limits.requests_bytes_max",
        "limits.search_point_reads_max",
        "log.recent_bytes",
        "log.spares",
        "logging.slow_request_ms",
        "memory.total_bytes",
        "node.drain_ms",
        "node.shutdown_grace_ms",
        "node.threads",
        "raft.proposal_bytes_max",
        "raft.shutdown_timeout_ms",
        "rest.gzip_bytes_min",
        "search.order_bytes_max",
        "search.tail_bytes_max",
        "search.writer_bytes",
        "storage.block_cache_bytes",
        "storage.disk_reserve_bytes",
        "storage.memtable_bytes",
        "storage.memtables_bytes",
    ];
    for option in options().into_iter().filter(|option| option.default.is_number()) {
        let taken = load(&option.key, "0").is_ok();
        assert_eq!(taken, has_zero.contains(&option.key.as_str()), "{} = 0", option.key);
        assert!(load(&option.key, "-7").is_err(), "{} = -7", option.key);
    }
}
