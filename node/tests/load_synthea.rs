//! The shared sample data, loaded as a user does: every resource is there, once, over both wires.

use fhir::definitions::ResourceType;
use node::load::{LoadOptions, LoadReport};
use std::path::Path;
use testkit::{node::NodeProcess, probe::Probe, shared};

async fn load(node: &NodeProcess, folder: &Path) -> LoadReport {
    let options = LoadOptions::new(&node.grpc, vec![folder.to_owned()]);
    let options = LoadOptions { progress: false, in_flight: 64, ..options };
    node::load::run(options).await.unwrap()
}

/// Loads the folder twice: everything in it is there after the first time, the second one writes nothing.
async fn is_loaded_once(name: &str) {
    let Some(folder) = shared::data(name) else { return };
    let expected = shared::counts(&folder).unwrap();
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let types = || ResourceType::all().map(ResourceType::name);

    let report = load(&node, &folder).await;
    assert!(report.complete(), "{report}");
    assert_eq!((report.resources.changed, report.resources.there), (0, 0), "{report}");
    assert_eq!(probe.counts(types()).await.unwrap(), expected);
    let newest = probe.get("_history?_count=1").await.unwrap().body["entry"].clone();
    assert!(newest.is_array());

    let report = load(&node, &folder).await;
    assert!(report.complete(), "{report}");
    assert_eq!((report.resources.new, report.resources.changed), (0, 0), "{report}");
    assert!(report.to_string().contains("there already"), "{report}");
    assert_eq!(probe.counts(types()).await.unwrap(), expected);
    let still = probe.get("_history?_count=1").await.unwrap().body["entry"].clone();
    assert_eq!(still, newest, "the second load wrote something");
}

#[tokio::test(flavor = "multi_thread")]
async fn synthea_transactions_are_loaded_once() {
    is_loaded_once("synthea").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ndjson_resources_are_loaded_once() {
    is_loaded_once("ndjson-10").await;
}
