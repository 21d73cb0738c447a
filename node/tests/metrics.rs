//! The metrics page of a running node has what its operator asks first.

use testkit::{node::NodeProcess, probe::Probe};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_has_memory_log_actors_and_tail() {
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    assert_eq!(probe.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#).await.unwrap().status, 201);
    let url = node.rest.replace("/fhir", "/metrics");
    let page = reqwest::get(url).await.unwrap().text().await.unwrap();
    let value = |name: &str| -> f64 {
        let line = page.lines().find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap_or_else(|| panic!("{name} is missing in\n{page}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("salamander_memory_allocated_bytes") > 1e6);
    assert!(value("salamander_memory_resident_bytes") >= value("salamander_memory_allocated_bytes"));
    assert!(value("salamander_actors") >= 1.0);
    assert!((0.0..=1.0).contains(&value("salamander_search_tail_ratio")));
    for name in ["salamander_log_fsyncs_total", "salamander_log_written_bytes_total", "salamander_log_bytes"]
    {
        assert!(value(name) >= 0.0);
    }
}
