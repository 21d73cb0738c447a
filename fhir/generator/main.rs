//! Writes `fhir/definitions/` from HL7's package `hl7.fhir.r4.examples` 4.0.1.
//!
//! `npm pack hl7.fhir.r4.examples@4.0.1`, then
//! `cargo run --release -p fhir --features generate --bin fhir-definitions -- hl7.fhir.r4.examples-4.0.1.tgz`

mod archive;
mod code_systems;
mod package;
mod registry;
mod tables;

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let package =
        std::env::args_os().nth(1).map(PathBuf::from).context("usage: fhir-definitions PACKAGE.tgz")?;
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it")).join("definitions");
    let package = package::read(&package)?;
    for (name, text) in tables::generate(&package, &folder)? {
        write(&folder.join(name), text.as_bytes())?;
    }
    let (structures, terminology) =
        (archive::lines(&package.profiles)?, archive::lines(&package.terminology)?);
    for (name, lines) in [("r4/structures.gz", &structures), ("r4/terminology.gz", &terminology)] {
        write(&folder.join(name), &archive::compressed(lines)?)?;
    }
    write(&folder.join("r4/code-systems.txt"), code_systems::table(&structures, &terminology)?.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| path.display().to_string())?;
    println!("{}", path.display());
    Ok(())
}
