//! Runs the scenario files against a binary: `cargo run --release -p testkit --example scenarios -- PATH/salamander`.

use std::path::Path;
use testkit::{node::NodeProcess, scenario};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let binary = std::env::args().nth(1).unwrap_or_else(|| "salamander".to_owned());
    let node = NodeProcess::start(binary)?;
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it")).join("scenarios");
    scenario::run_all(&folder, &node.rest, &node.grpc).await?;
    println!("{} scenario files hold on both wires", scenario::load(&folder)?.len());
    Ok(())
}
