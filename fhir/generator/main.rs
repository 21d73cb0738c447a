//! Writes `fhir/definitions/` from HL7's package `hl7.fhir.r4.examples` 4.0.1.
//!
//! `npm pack hl7.fhir.r4.examples@4.0.1`, then
//! `cargo run --release -p fhir --features generate --bin fhir-definitions -- hl7.fhir.r4.examples-4.0.1.tgz`

mod package;
mod registry;
mod tables;

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let package =
        std::env::args_os().nth(1).map(PathBuf::from).context("usage: fhir-definitions PACKAGE.tgz")?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("definitions");
    for (name, text) in tables::generate(&package::read(&package)?, &folder)? {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        println!("{}", path.display());
    }
    Ok(())
}
