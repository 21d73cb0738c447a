//! Clients that collide over both wires while the process is killed again and again: all invariants of `testkit::chaos`.

use std::time::Duration;
use testkit::chaos::{Kind, Options, run};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_true_under_kill_9() {
    let options = Options {
        time: Duration::from_secs(20),
        kill_every: Some(Duration::from_secs(3)),
        ..Options::new(env!("CARGO_BIN_EXE_salamander"), 8)
    };
    let report = run(&options).await.unwrap();
    assert!(report.holds(), "{report}");
    assert!(report.starts.len() >= 3 && report.done() > 500, "{report}");
}

/// Three processes on addresses of their own; two things go wrong at a time now and then. `make chaos CHAOS='--nodes 3'` does much
/// more.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_cluster_acknowledged_is_true_under_kill_9_and_standstill() {
    let options = Options {
        time: Duration::from_secs(25),
        nodes: 3,
        kill_every: Some(Duration::from_secs(2)),
        faults: vec![Kind::Kill, Kind::Stop],
        ..Options::new(env!("CARGO_BIN_EXE_salamander"), 8)
    };
    let report = run(&options).await.unwrap();
    assert!(report.holds(), "{report}");
    let faults: u64 = report.outages.values().map(|outage| outage.times).sum();
    assert!(faults >= 3 && report.done() > 300, "{report}");
}
