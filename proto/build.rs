//! Generates the Rust code of the contracts with `protox`, so that no `protoc` has to be installed.

use std::{env, path::PathBuf};

const FILES: [&str; 6] = [
    "api/v1/admin.proto",
    "api/v1/fhir.proto",
    "api/v1/routing.proto",
    "internal/v1/node.proto",
    "internal/v1/partition.proto",
    "log/v1/log.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), prost_bytes(&descriptors))?;
    tonic_prost_build::configure()
        // Bodies stay slices of the buffer they arrived in.
        .bytes(".")
        // A server of a test answers the calls it is about. That the node answers all, its tests hold (`node/tests/calls.rs`).
        .generate_default_stubs(true)
        .compile_fds(descriptors)?;
    Ok(())
}

/// The descriptor set as gRPC reflection wants it.
fn prost_bytes(descriptors: &impl prost::Message) -> Vec<u8> {
    descriptors.encode_to_vec()
}
