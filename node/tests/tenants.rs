//! Tenants by the real binary: one server with two of them answers each as a server of its own would; they come and go while it serves.

#[path = "tenants/alike.rs"]
mod alike;
#[path = "tenants/asked.rs"]
mod asked;
#[path = "tenants/life.rs"]
mod life;
#[path = "tenants/plain.rs"]
mod plain;

use client::Admin;
use std::time::Duration;
use testkit::{node::NodeProcess, probe::Probe};

const BINARY: &str = env!("CARGO_BIN_EXE_salamander");
/// Of what should take a second or two.
const SOON: Duration = Duration::from_secs(60);

fn node() -> NodeProcess {
    NodeProcess::new(BINARY).unwrap().set("storage.partitions", 4)
}

fn admin(node: &NodeProcess) -> Admin {
    Admin::connect(&node.grpc).unwrap()
}

async fn create(node: &NodeProcess, name: &str) -> u32 {
    admin(node).create_tenant(name, Default::default()).await.unwrap().number
}

/// At its own path, and over gRPC by its name.
fn of_tenant(node: &NodeProcess, name: &str) -> Probe {
    let rest = format!("{}/t/{name}/fhir", node.rest.trim_end_matches("/fhir"));
    let mut probe = Probe::new(&rest, &node.grpc).unwrap();
    probe.grpc = probe.grpc.with_tenant(name).unwrap();
    probe
}
