//! Every scenario file of `testkit/scenarios`, over both wires, against the real binary.

use std::path::Path;
use testkit::node::NodeProcess;

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_answers_alike_over_both_wires() {
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).expect("the node starts");
    let folder =
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it")).join("../testkit/scenarios");
    testkit::scenario::run_all(&folder, &node.rest, &node.grpc).await.unwrap();
}
